/**
 * Sorts rows while they flow from the file that is read into the one that is written, in memory that does not grow with
 * them. The chain runs once, and yet has two ends: sound rows go on into Parquet; a broken row is handed to a function that
 * puts it aside into a table. What must hold:
 *
 * 1. Each row takes one of the two ways, once. The sum is compared with the rows that were counted apart from reading, and
 *    no number of a row is put aside twice; a second evaluation would be noticed.
 * 2. The order of the rows is that of the file, whatever the threads: the same rows are the same bytes.
 */
import { join } from 'node:path'
import { BIGINT, BOOLEAN, DuckDBScalarFunction, VARCHAR } from '@duckdb/node-api'
import { z } from 'zod'
import { messageOf, RefitError } from '../../errors.js'
import type { ModelSpec } from '../../spec/spec.js'
import type { DuckDb } from '../engine/context.js'
import { Count, queryRow } from '../engine/query.js'
import { PARTITION_FORMAT, sqlName, sqlText } from '../engine/sql.js'
import { rawName } from '../rules/column-rules.js'
import { keptColumns } from '../rules/partition-columns.js'

/** Files in scratch that hold sorted rows; absent without such rows. */
export interface WrittenRows {
  readonly keptFile?: string
  readonly quarantineFile?: string
}

/** The table of broken rows, with the columns of the quarantine. */
export const SET_ASIDE = 'set_aside'

/** The function that the chain calls. No expression of a spec can: it is not there yet when they are checked. */
const PUT_ASIDE = '_put_aside'

/** Runs the chain `rows`, of `checkedRows`, and writes what it gives. Rejects with DuckDB's errors. */
export async function streamRows(duckDb: DuckDb, spec: ModelSpec, rows: string): Promise<WrittenRows> {
  const { connection, folder } = duckDb
  const names = Object.keys(spec.data.columns)
  const columns = ['_row BIGINT', '_line BIGINT', '_reason VARCHAR', '_text VARCHAR', ...names.map(textColumn)]
  await connection.run(`CREATE TABLE ${SET_ASIDE} (${columns.join(', ')})`)
  const values = ['_row', '_line', '_reason', '_text', ...names.map((name) => `CAST(${rawName(name)} AS VARCHAR)`)]
  // The column is volatile, so that the filter stays above it: pushed below, it would evaluate the chain twice over.
  const sorted = `SELECT *, CASE WHEN _reason IS NULL THEN TRUE ELSE ${PUT_ASIDE}(${values.join(', ')}) END AS _isSound FROM (${rows})`
  const sound = `SELECT ${keptColumns(spec).join(', ')} FROM (${sorted}) WHERE _isSound`
  const keptFile = join(folder, 'kept.parquet')
  const kept = await puttingAside(duckDb, names.length, () => copyTo(duckDb, sound, keptFile))
  const broken = await requireOnce(duckDb)
  const quarantineFile = join(folder, 'quarantine.parquet')
  if (broken > 0) await copyTo(duckDb, `FROM ${SET_ASIDE} ORDER BY _row`, quarantineFile)
  return { ...(kept === 0 ? {} : { keptFile }), ...(broken === 0 ? {} : { quarantineFile }) }
}

const textColumn = (name: string): string => `${sqlName(name)} VARCHAR`

/** Writes rows to Parquet, and tells how many. */
async function copyTo({ connection }: DuckDb, rows: string, path: string): Promise<number> {
  const { rowsChanged } = await connection.run(`COPY (${rows}) TO ${sqlText(path)} (${PARTITION_FORMAT})`)
  return rowsChanged
}

/** Does work in which the chain may put rows aside. They go through a connection of their own, as the other is busy. */
async function puttingAside<T>(duckDb: DuckDb, texts: number, work: () => Promise<T>): Promise<T> {
  const beside = await duckDb.connect()
  try {
    const appender = await beside.createAppender(SET_ASIDE)
    const putAside = DuckDBScalarFunction.create({
      name: PUT_ASIDE,
      returnType: BOOLEAN,
      parameterTypes: [BIGINT, BIGINT, VARCHAR, VARCHAR, ...Array.from({ length: texts }, () => VARCHAR)],
      // Most arguments may be NULL, which would keep the function from being called.
      specialHandling: true,
      volatile: true,
      mainFunction(call, rows, answers) {
        try {
          appender.appendDataChunk(rows)
          for (let row = 0; row < rows.rowCount; row++) answers.setItem(row, false)
          answers.flush()
        } catch (thrown) {
          call.setError(`Cannot put rows aside: ${messageOf(thrown)}`)
        }
      },
    })
    duckDb.connection.registerScalarFunction(putAside)
    const result = await work()
    appender.closeSync()
    return result
  } finally {
    beside.closeSync()
  }
}

/** Rows that were put aside, each once. */
async function requireOnce({ connection }: DuckDb): Promise<number> {
  const sql = `SELECT count(*) AS rows, count(DISTINCT _row) AS numbers FROM ${SET_ASIDE}`
  const { rows, numbers } = await queryRow(connection, sql, z.object({ rows: Count, numbers: Count }))
  if (rows === numbers) return rows
  throw new RefitError('UnreadableSource', `${rows} broken rows were read, with ${numbers} different numbers`)
}
