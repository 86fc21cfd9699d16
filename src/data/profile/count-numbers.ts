/**
 * Numeric columns of a Parquet file, counted on edges. A column that its writer gave a dictionary has few values, which DuckDB
 * groups in a tenth of the time that looking at each number takes; the others stream by once, all together.
 */
import { type DuckDBConnection, type DuckDBDataChunk, DuckDBDoubleVector } from '@duckdb/node-api'
import { z } from 'zod'
import { RefitError } from '../../errors.js'
import type { NumericProfile } from '../../statistics/profile.js'
import { Count, queryRow, queryRows } from '../engine/query.js'
import { parquetScan, sqlName, sqlText } from '../engine/sql.js'
import { BinCounter } from './bin-counter.js'

/** A column that holds numbers or booleans, and the edges of its bins. */
export interface NumericColumn {
  readonly name: string
  readonly edges: readonly number[]
}

/** Names of the columns of a file that have a dictionary throughout. */
export async function columnsWithDictionary(connection: DuckDBConnection, file: string): Promise<ReadonlySet<string>> {
  const found = await queryRows(
    connection,
    `SELECT path_in_schema AS name FROM parquet_metadata(${sqlText(file)})
      GROUP BY name HAVING bool_and(contains(encodings, 'DICTIONARY'))`,
    z.object({ name: z.string() }),
  )
  return new Set(found.map(({ name }) => name))
}

/** Counts columns of a file by looking at each number; by name. */
export async function countStream(
  connection: DuckDBConnection,
  file: string,
  columns: readonly NumericColumn[],
): Promise<ReadonlyMap<string, NumericProfile>> {
  const counters = columns.map(({ name, edges }) => ({ name, counter: new BinCounter(edges) }))
  if (counters.length === 0) return new Map()
  // A missing number comes as NaN: a chunk without NULL is read in half of the time.
  const numbers = columns.map(({ name }) => `COALESCE(${double(sqlName(name))}, CAST('nan' AS DOUBLE))`)
  for await (const { rows, column } of doubles(
    connection,
    `SELECT ${numbers.join(', ')} FROM ${parquetScan([file])}`,
  )) {
    for (const [index, { counter }] of counters.entries()) counter.add(rows, column(index))
  }
  const profiles = new Map<string, NumericProfile>()
  for (const { name, counter } of counters) {
    const nulls = counter.notFinite === 0 ? 0 : await countNulls(connection, file, name)
    profiles.set(name, profileOf(counter, nulls))
  }
  return profiles
}

async function countNulls(connection: DuckDBConnection, file: string, name: string): Promise<number> {
  const sql = `SELECT count(*) - count(${sqlName(name)}) AS nulls FROM ${parquetScan([file])}`
  return (await queryRow(connection, sql, z.object({ nulls: Count }))).nulls
}

/** Counts a column by its groups of equal values. In order, as threads find groups in another order each time. */
export async function countGroups(
  connection: DuckDBConnection,
  file: string,
  { name, edges }: NumericColumn,
): Promise<NumericProfile> {
  const counter = new BinCounter(edges)
  const groups = `SELECT ${sqlName(name)} AS value, count(*) AS n FROM ${parquetScan([file])} GROUP BY value`
  const numbers = `SELECT ${double('value')}, ${double('n')} FROM (${groups}) ORDER BY value`
  for await (const { rows, column } of doubles(connection, numbers)) counter.add(rows, column(0), column(1))
  return profileOf(counter, 0)
}

const double = (value: string): string => `CAST(${value} AS DOUBLE)`

/** The columns of a query that are all DOUBLE, some thousand rows at a time. */
async function* doubles(connection: DuckDBConnection, sql: string) {
  const result = await connection.stream(sql)
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const current = chunk
    yield { rows: chunk.rowCount, column: (index: number) => doubleVector(current, index) }
  }
}

function doubleVector(chunk: DuckDBDataChunk, index: number): DuckDBDoubleVector {
  const vector = chunk.getColumnVector(index)
  if (vector instanceof DuckDBDoubleVector) return vector
  throw new RefitError('InvalidInput', `Cannot count numbers: expected DOUBLE, found ${vector.type.toString()}.`)
}

/** `nulls` came as NaN. */
const profileOf = (counter: BinCounter, nulls: number): NumericProfile => ({
  kind: 'numeric',
  edges: counter.edges,
  counts: [...counter.counts],
  sums: [...counter.sums],
  nulls: counter.missing + nulls,
  notFinite: counter.notFinite - nulls,
  min: Number.isFinite(counter.min) ? counter.min : null,
  max: Number.isFinite(counter.max) ? counter.max : null,
})
