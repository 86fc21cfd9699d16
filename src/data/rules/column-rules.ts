import type { Column } from '../../spec/columns.js'
import { sqlList, sqlName, sqlNumber, sqlText, sqlTime } from '../engine/sql.js'

/** A value of a row, twice: as it arrived, and as the spec's type, NULL when it cannot be read so. */
interface ColumnNames {
  readonly raw: string
  readonly value: string
}

/** A rule: what it demands of a value that is there, never NULL then, and its name. */
type Rule = readonly [isSound: string, rule: string]

/**
 * An expression that names the first rule of the spec which a value breaks, as `column: rule`, and is NULL for a sound
 * value. A missing value breaks `nullable` or nothing.
 */
export function brokenRule(name: string, column: Column, { raw, value }: ColumnNames): string {
  const rules: readonly Rule[] = [[`${value} IS NOT NULL`, 'type'], ...valueRules(column, value)]
  const missing = column.nullable ? 'NULL' : reason(name, 'nullable')
  const branches = rules.map(([isSound, rule]) => `WHEN NOT (${isSound}) THEN ${reason(name, rule)}`)
  return `CASE WHEN ${raw} IS NULL THEN ${missing} ${branches.join(' ')} END`
}

/**
 * A condition that holds only where {@link brokenRule} is NULL. Such conditions are joined to one for each row, which takes a
 * tenth of the time that looking for the broken rule does. `isExact` is a further condition on what is not missing.
 */
export function soundRule(column: Column, { raw, value }: ColumnNames, isExact: readonly string[]): string {
  const isSound = [...isExact, ...valueRules(column, value).map(([isSound]) => isSound)]
  // Of a missing value, no other condition is true: asking for it too would be one more.
  const known = isSound.length === 0 ? `${value} IS NOT NULL` : isSound.join(' AND ')
  return column.nullable ? `(${raw} IS NULL OR (${known}))` : `(${known})`
}

/** As {@link soundRule}, of {@link brokenType}. */
export const soundType = ({ raw, value }: ColumnNames, isExact: readonly string[]): string =>
  `(${raw} IS NULL OR (${isExact.length === 0 ? `${value} IS NOT NULL` : isExact.join(' AND ')}))`

/** As {@link brokenRule}, of the rule `type` alone. */
export const brokenType = (name: string, { raw, value }: ColumnNames): string =>
  `CASE WHEN ${raw} IS NOT NULL AND ${value} IS NULL THEN ${reason(name, 'type')} END`

/** A column of the chain that holds the value as it arrived. A name of the spec never begins with `_`. */
export const rawName = (name: string): string => sqlName(`_raw_${name}`)

const reason = (name: string, rule: string): string => sqlText(`${name}: ${rule}`)

/** What the spec demands of a value that is there and of its type. */
const valueRules = (column: Column, value: string): readonly Rule[] => [
  ...boundRules(column, value),
  ...textRules(column, column.type === 'string' ? value : `CAST(${value} AS VARCHAR)`),
]

const boundRules = ({ type, min, max }: Column, value: string): readonly Rule[] => [
  ...(min === undefined ? [] : [[`${value} >= ${limitOf(type, min)}`, 'min'] as const]),
  // NaN is greater than every number in DuckDB, so it breaks `max`.
  ...(max === undefined ? [] : [[`${value} <= ${limitOf(type, max)}`, 'max'] as const]),
]

function limitOf(type: Column['type'], limit: number | string): string {
  // Of the column's own type, as each value would be converted otherwise.
  if (typeof limit === 'number') {
    return type === 'integer' && Number.isSafeInteger(limit) ? String(limit) : sqlNumber(limit)
  }
  // A DATE is compared as its first moment; a limit within a day is therefore kept as it is.
  return type === 'timestamp' || type === 'date' ? sqlTime(limit) : sqlText(limit)
}

const textRules = ({ values, pattern, minLength, maxLength }: Column, text: string): readonly Rule[] => [
  ...(minLength === undefined ? [] : [[`length(${text}) >= ${minLength}`, 'minLength'] as const]),
  ...(maxLength === undefined ? [] : [[`length(${text}) <= ${maxLength}`, 'maxLength'] as const]),
  ...(values === undefined ? [] : [[isOneOf(text, values), 'values'] as const]),
  ...(pattern === undefined ? [] : [[`regexp_full_match(${text}, ${sqlText(pattern)})`, 'pattern'] as const]),
]

/** Allowed values up to which a search through them is quicker than a table of them. */
const FEW_VALUES = 8

/** A function, unlike IN, looks at each value of a dictionary once. */
function isOneOf(text: string, values: readonly string[]): string {
  const all = values.map(sqlText)
  return all.length <= FEW_VALUES ? `list_contains(${sqlList(all)}, ${text})` : `${text} IN (${all.join(', ')})`
}
