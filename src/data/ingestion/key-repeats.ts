/**
 * Rows whose key is there already. Of rows with one key the first one stays, whatever the later ones say: a correction is a
 * duplicate, and is counted. Correct the source before it hands a row over, or give corrections a key of their own.
 */
import { z } from 'zod'
import { COLUMN_TYPES } from '../../spec/columns.js'
import type { ModelSpec } from '../../spec/spec.js'
import type { KeyRule } from '../dataset/commit.js'
import type { SpannedPartition } from '../dataset/dataset-log.js'
import { DAY_MS } from '../dataset/day.js'
import type { DuckDb } from '../engine/context.js'
import { Count, parquetColumns, queryRow } from '../engine/query.js'
import { parquetScan, sqlDays, sqlName } from '../engine/sql.js'

/** By what the rows of a spec are compared; `undefined` where it names no key. */
export function keyRuleOf({ data }: ModelSpec): KeyRule | undefined {
  return data.key === undefined ? undefined : { columns: data.key, windowDays: data.keyWindowDays }
}

/** The partitions that can hold a row within the window of rows from `from` to `to`, both ISO 8601. */
export function partitionsNear(
  partitions: readonly SpannedPartition[],
  { from, to, windowDays }: { readonly from: string; readonly to: string; readonly windowDays: number },
): readonly SpannedPartition[] {
  // Dates of JavaScript are cut to milliseconds: one more on each side.
  const reach = windowDays * DAY_MS + 1
  const [first, last] = [Date.parse(from) - reach, Date.parse(to) + reach]
  return partitions.filter((other) => Date.parse(other.to) >= first && Date.parse(other.from) <= last)
}

/** What to look for, among the sound rows of the table `checked`. */
export interface RepeatsRequest {
  readonly spec: ModelSpec
  readonly key: KeyRule
  /** Local files of the partitions that may hold the same keys. */
  readonly files: readonly string[]
}

/**
 * Numbers the sound rows whose key is in one of the files within the window, on either side, or in an earlier row of the batch
 * that is kept. A row that lacks a part of its key is like no other. Gives the table of their numbers, and how many they are.
 */
export async function findRepeats({ connection }: DuckDb, { spec, key, files }: RepeatsRequest) {
  const table = 'repeats'
  const columns = key.columns.map(sqlName)
  const isWhole = columns.map((column) => `${column} IS NOT NULL`).join(' AND ')
  const sound = `SELECT _row, _time, ${columns.join(', ')} FROM checked WHERE _reason IS NULL AND ${isWhole}`
  const there = await parquetColumns(connection, files)
  // Partitions of a time before the spec had the column hold no such key.
  const isThere = key.columns.every((name) => there.has(name))
  await connection.run(`CREATE OR REPLACE TEMP TABLE known AS SELECT here._row FROM (${sound}) here
    ${isThere ? `SEMI JOIN ${parquetScan(files)} there ON ${sameKey(key, typeBy(spec))}` : 'LIMIT 0'}`)
  // What is known takes nothing away from the rows after it, which may be beyond the window of the one that is there.
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${table} AS FROM known UNION ALL
    SELECT _row FROM (
      SELECT _row, row_number() OVER (PARTITION BY ${columns.join(', ')} ORDER BY _row) AS _nth
      FROM (${sound} AND _row NOT IN (FROM known))) WHERE _nth > 1`)
  const counted = await queryRow(connection, `SELECT count(*) AS rows FROM ${table}`, z.object({ rows: Count }))
  return { table, rows: counted.rows }
}

const typeBy =
  ({ data }: ModelSpec) =>
  (name: string): string =>
    COLUMN_TYPES[data.columns[name]?.type ?? 'string']

/** Whether the row `there` has the key of the row `here`, within the window. A column may have had another type there. */
function sameKey({ columns, windowDays }: KeyRule, typeOf: (name: string) => string): string {
  const parts = columns.map((name) => `here.${sqlName(name)} = TRY_CAST(there.${sqlName(name)} AS ${typeOf(name)})`)
  const days = sqlDays(windowDays)
  return [...parts, `there._time >= here._time - ${days}`, `there._time <= here._time + ${days}`].join(' AND ')
}

/** Rows that were kept, and those that were kept before them or with them. */
export interface KeptRows {
  readonly key: KeyRule
  /** The local file of the rows, and SQL of a relation that gives them with `_file`. */
  readonly file: string
  readonly here: string
  /** The same of what was there; what belongs to the same commit, or to a later one, is left out of it. */
  readonly files: readonly string[]
  readonly there: string | undefined
}

/** Kept rows that should have been duplicates: by a row of their commit, and by rows of earlier commits. */
export async function countKeptRepeats(
  { connection }: DuckDb,
  { key, file, here, files, there }: KeptRows,
): Promise<{ readonly inside: number; readonly before: number }> {
  const types = await parquetColumns(connection, [file])
  const typeOf = (name: string) => types.get(name) ?? 'VARCHAR'
  const columns = key.columns.map(sqlName)
  const count = z.object({ rows: Count })
  const inside = await queryRow(
    connection,
    `SELECT count(*) - count(DISTINCT (_file, ${columns.join(', ')})) AS rows FROM ${here}
      WHERE ${columns.map((column) => `${column} IS NOT NULL`).join(' AND ')}`,
    count,
  )
  const known = await parquetColumns(connection, files)
  if (there === undefined || !key.columns.every((name) => known.has(name))) return { inside: inside.rows, before: 0 }
  const before = await queryRow(
    connection,
    `SELECT count(*) AS rows FROM ${here} here
      SEMI JOIN ${there} there ON ${sameKey(key, typeOf)} AND there._file < here._file`,
    count,
  )
  return { inside: inside.rows, before: before.rows }
}
