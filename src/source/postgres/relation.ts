/** What is read: a table or a query, with a key that it can be read in the order of. */
import { escapeIdentifier, type FieldDef } from 'pg'
import { z } from 'zod'
import { RefitError } from '../../errors.js'
import type { Transaction } from './session.js'

/** What to read, as the spec says. */
export interface RelationRequest {
  /** Table or view, with its schema where needed; or a query. */
  readonly from: { readonly table: string } | { readonly query: string }
  readonly key: string
  /** The columns that are wanted. */
  readonly columns: readonly string[]
}

/** A key type whose order can be trusted; the file's head of `postgres.ts` says how. */
export type KeyType = 'smallint' | 'integer' | 'bigint' | 'timestamptz' | 'xid8'

/** A relation that can be read in the order of its key. */
export interface Relation {
  /** What stands after FROM: it is named `"_refit"`. */
  readonly sql: string
  /** The key in SQL. */
  readonly key: string
  readonly keyType: KeyType
  /** The wanted columns in SQL, each by its name. */
  readonly columns: readonly string[]
}

const KEY_TYPES: Readonly<Record<number, KeyType>> = {
  20: 'bigint',
  21: 'smallint',
  23: 'integer',
  1184: 'timestamptz',
  5069: 'xid8',
}

/** No column has this name: those of a spec begin with a letter. */
const ALIAS = '"_refit"'

/**
 * Types that JSON tells exactly and that come back from it as they were: boolean, whole and floating-point numbers, texts,
 * times, uuid. Anything else travels as PostgreSQL's own text: a reader of JSON would round a numeric, and write a json
 * value anew.
 */
const EXACT_IN_JSON: ReadonlySet<number> = new Set([
  16, 18, 19, 20, 21, 23, 25, 700, 701, 1042, 1043, 1082, 1083, 1114, 1184, 2950,
])

/** Looks at what is to be read. Rejects with `InvalidSpec` when it cannot be read in the order of its key. */
export async function describeRelation(transaction: Transaction, request: RelationRequest): Promise<Relation> {
  const { from, key } = request
  const sql = `${'table' in from ? tableName(from.table) : `(\n${from.query}\n)`} AS ${ALIAS}`
  const fields = await transaction.columns(`SELECT * FROM ${sql} LIMIT 0`)
  const missing = [...new Set([key, ...request.columns])].filter((name) => fields.every((field) => field.name !== name))
  if (missing.length > 0) {
    const found = fields.map(({ name }) => name).join(', ')
    throw wrong(transaction, `there is no column ${missing.join(', ')} among ${found}. Correct the names in the spec.`)
  }
  const relation = {
    sql,
    key: `${ALIAS}.${escapeIdentifier(key)}`,
    keyType: await trustedType(transaction, fieldOf(fields, key)),
    columns: request.columns.map((name) => columnOf(fieldOf(fields, name))),
  }
  await requireKeys(transaction, relation, { field: fieldOf(fields, key), isTable: 'table' in from })
  return relation
}

/** The key, as text, of the last of the next `limit` rows that `where` allows; `undefined` when there are none. */
export async function nextKey(
  transaction: Transaction,
  { sql, key, keyType }: Relation,
  { after, limit, where, values }: NextKey,
): Promise<string | undefined> {
  const next = `SELECT ${key} AS key FROM ${sql}
    WHERE ($1::${keyType} IS NULL OR ${key} > $1::${keyType}) AND ${where(key, '$3')} ORDER BY ${key} LIMIT $2`
  const [last] = await transaction.rows(
    z.object({ last: z.string() }),
    `SELECT key::text AS last FROM (${next}) AS next ORDER BY key DESC LIMIT 1`,
    [after === '' ? null : after, limit, ...values],
  )
  return last?.last
}

/** Where the next rows begin, and what bounds them. */
export interface NextKey {
  /** The cursor; empty at the beginning. */
  readonly after: string
  readonly limit: number
  /** A condition on the key, with a value that stands for `values`. */
  readonly where: (key: string, value: string) => string
  readonly values: readonly unknown[]
}

/** A name of one or two parts, each quoted. */
const tableName = (table: string): string => table.split('.').map(escapeIdentifier).join('.')

function fieldOf(fields: readonly FieldDef[], name: string): FieldDef {
  const field = fields.find((field) => field.name === name)
  if (field === undefined) throw new TypeError(`Unreachable: ${name} was looked for before.`)
  return field
}

function columnOf({ name, dataTypeID }: FieldDef): string {
  const column = escapeIdentifier(name)
  return EXACT_IN_JSON.has(dataTypeID) ? `${ALIAS}.${column}` : `${ALIAS}.${column}::text AS ${column}`
}

async function trustedType(transaction: Transaction, { name, dataTypeID }: FieldDef): Promise<KeyType> {
  const type = KEY_TYPES[dataTypeID]
  if (type !== undefined) return type
  const [found] = await transaction.rows(z.object({ type: z.string() }), 'SELECT format_type($1::oid, NULL) AS type', [
    dataTypeID,
  ])
  throw wrong(
    transaction,
    `its key "${name}" has type ${found?.type}, whose order is not the order in which rows come. Name a key of type smallint, integer or bigint that a sequence gives, timestamptz that the server's clock gives, or xid8 with DEFAULT pg_current_xact_id().`,
  )
}

/** Every row must have a key, and the sequence that gives it must count one by one. */
async function requireKeys(
  transaction: Transaction,
  { sql, key, keyType }: Relation,
  { field, isTable }: { readonly field: FieldDef; readonly isTable: boolean },
): Promise<void> {
  const origin = [field.tableID, field.columnID]
  const [column] = await transaction.rows(z.object({ never: z.boolean() }), NEVER_NULL, origin)
  // In a query, an outer join can make even such a column NULL.
  if (!isTable || column?.never !== true) {
    const [row] = await transaction.rows(
      z.object({ without: z.boolean() }),
      `SELECT EXISTS (SELECT FROM ${sql} WHERE ${key} IS NULL) AS without`,
    )
    if (row?.without === true) {
      throw wrong(transaction, `rows without a "${field.name}" would never be read. Give them one, or leave them out.`)
    }
  }
  if (keyType === 'timestamptz' || keyType === 'xid8') return
  const [sequence] = await transaction.rows(z.object({ name: z.string() }), UNSAFE_SEQUENCE, origin)
  if (sequence === undefined) return
  const reason = `sequence ${sequence.name} of its key hands out numbers in blocks, backwards, or again`
  throw wrong(
    transaction,
    `${reason}, so that lower ones come after higher ones. ALTER SEQUENCE ${sequence.name} CACHE 1 NO CYCLE, with an INCREMENT above 0.`,
  )
}

const wrong = ({ action }: Transaction, reason: string): RefitError =>
  new RefitError('InvalidSpec', `${action}: ${reason}`)

const NEVER_NULL = `
  SELECT attnotnull AND relkind IN ('r', 'p') AS never FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE attrelid = $1::oid AND attnum = $2::int`

/** The sequence of a serial or identity column, or one that its default calls. */
const UNSAFE_SEQUENCE = `
  SELECT seqrelid::regclass::text AS name FROM pg_sequence
  WHERE (seqcache > 1 OR seqincrement < 0 OR seqcycle) AND seqrelid IN (
    SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
      AND refobjid = $1::oid AND refobjsubid = $2::int AND deptype IN ('a', 'i')
    UNION ALL
    SELECT refobjid FROM pg_depend JOIN pg_attrdef ON pg_attrdef.oid = objid
    WHERE classid = 'pg_attrdef'::regclass AND refclassid = 'pg_class'::regclass
      AND adrelid = $1::oid AND adnum = $2::int)`
