/** Whose rows are meant: values of columns, as conditions on the rows of partitions and of quarantine. */
import { RefitError } from '../../errors.js'
import { COLUMN_TYPES } from '../../spec/columns.js'
import type { ModelSpec } from '../../spec/spec.js'
import { idOf } from '../dataset/dataset-log.js'
import { sqlName, sqlText } from '../engine/sql.js'

/** Values by column: a row is meant when each column has one of its values. */
export type Person = Readonly<Record<string, readonly string[]>>

/** Parses `COLUMN=VALUE`, several for one column as either of them. Throws `InvalidInput` for anything else. */
export function parsePerson(keys: readonly string[]): Person {
  const person: Record<string, string[]> = {}
  for (const key of keys) {
    const end = key.indexOf('=')
    const [column, value] = [key.slice(0, end), key.slice(end + 1)]
    if (end < 1 || value === '') {
      throw new RefitError('InvalidInput', `Cannot erase by "${key}": expected COLUMN=VALUE, such as customer_id=42.`)
    }
    person[column] = [...(person[column] ?? []), value]
  }
  if (keys.length > 0) return person
  throw new RefitError(
    'InvalidInput',
    'Cannot erase: expected whose rows, found no key. Name one, such as --key id=42.',
  )
}

/** A text of fixed length for a person, which says whether two requests are the same and not who it is. */
export const digestOf = (person: Person): string => idOf(['person', ...Object.entries(person).sort()])

/** Whether a spec has all columns by which a person is named, as columns that arrive. */
export const knowsPerson = ({ data }: ModelSpec, person: Person): boolean =>
  Object.keys(person).every((column) => data.columns[column] !== undefined)

/**
 * A condition on rows of a partition that has these columns, by their DuckDB types; FALSE for one of a time before a column, NULL
 * where a value is missing. It compares with constants of the column's type, so that row groups are passed over by their
 * statistics.
 */
export function isPersonTyped(person: Person, types: ReadonlyMap<string, string>): string {
  const parts = Object.entries(person).map(([column, values]) => {
    const type = types.get(column)
    if (type === undefined) return 'FALSE'
    const either = values.map((value) => `${sqlName(column)} = TRY_CAST(${sqlText(value)} AS ${type})`)
    return `(${either.join(' OR ')})`
  })
  return `(${parts.join(' AND ')})`
}

/** What of a quarantine is searched. */
export interface TextSearch {
  readonly spec: ModelSpec
  /** Columns that the file has. */
  readonly columns: ReadonlyMap<string, string>
  /** Whether a row that could not be taken apart is meant when its text has one of the values of each column in it. */
  readonly inText: boolean
}

/** A condition on rows of quarantine, whose values are the texts that came; NULL where a value is missing. */
export function isPersonAsText(person: Person, { spec, columns, inText }: TextSearch): string {
  const byColumn = Object.entries(person).map(([column, values]) => {
    if (!columns.has(column)) return 'FALSE'
    const name = sqlName(column)
    const type = COLUMN_TYPES[spec.data.columns[column]?.type ?? 'string']
    const either = values.flatMap((value) => [
      `trim(${name}) = ${sqlText(value)}`,
      `TRY_CAST(${name} AS ${type}) = TRY_CAST(${sqlText(value)} AS ${type})`,
    ])
    return `(${either.join(' OR ')})`
  })
  const found = `(${byColumn.join(' AND ')})`
  if (!inText) return found
  const byText = Object.values(person).map(
    (values) => `(${values.map((value) => `contains(_text, ${sqlText(value)})`).join(' OR ')})`,
  )
  return `(${found} OR (${byText.join(' AND ')}))`
}
