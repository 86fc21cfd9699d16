/** Answers of DuckDB, parsed: the boundary where rows become typed values. */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { z } from 'zod'
import { RefitError } from '../../errors.js'
import { parquetScan } from './sql.js'

/** A count: DuckDB answers with a bigint. */
export const Count = z.bigint().transform(Number)

/** All rows of a query, each parsed by the schema. For answers of a few thousand rows. */
export async function queryRows<T>(
  connection: DuckDBConnection,
  sql: string,
  row: z.ZodType<T>,
  values?: DuckDBValue[],
): Promise<T[]> {
  const result = await connection.runAndReadAll(sql, values)
  return result.getRowObjectsJS().map((found) => row.parse(found))
}

/** The only row of a query. */
export async function queryRow<T>(connection: DuckDBConnection, sql: string, row: z.ZodType<T>): Promise<T> {
  const [first] = await queryRows(connection, sql, row)
  if (first === undefined) throw new RefitError('InvalidInput', `Cannot read one row: the query gave none: ${sql}`)
  return first
}

/** Rows of a Parquet file, from its footer. */
export async function parquetRows(connection: DuckDBConnection, file: string): Promise<number> {
  const sql = 'SELECT num_rows FROM parquet_file_metadata($1)'
  const rows = await queryRows(connection, sql, z.object({ num_rows: Count }), [file])
  return rows.reduce((total, { num_rows }) => total + num_rows, 0)
}

/** DuckDB types of the columns of Parquet files, by name; a column that only some have is among them. No files, no columns. */
export async function parquetColumns(
  connection: DuckDBConnection,
  files: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  return files.length === 0 ? new Map() : columnsOf(connection, parquetScan(files))
}

/** DuckDB types of the columns of a relation, by name, in their order. */
export async function columnsOf(connection: DuckDBConnection, relation: string): Promise<ReadonlyMap<string, string>> {
  const described = z.object({ column_name: z.string(), column_type: z.string() })
  const rows = await queryRows(connection, `DESCRIBE SELECT * FROM ${relation}`, described)
  return new Map(rows.map(({ column_name, column_type }) => [column_name, column_type]))
}
