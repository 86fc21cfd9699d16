import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, RefitError } from '../errors.js'
import type { ModelSpec } from '../spec/spec.js'
import type { BatchFormat } from './batch-format.js'
import { checkedRows } from './checked-rows.js'
import { rawName } from './column-rules.js'
import type { DuckDb } from './context.js'
import { isHostFailure, reasonOf } from './duckdb-error.js'
import { requireExpressions } from './expressions.js'
import { Count, parquetRows, queryRow, queryRows } from './query.js'
import { openRawRows } from './raw-rows.js'
import { isoTime, sqlName, sqlText } from './sql.js'

/** What to validate: a file in the scratch folder of the instance. */
export interface ValidateRequest {
  readonly spec: ModelSpec
  readonly path: string
  readonly format: BatchFormat
  readonly signal?: AbortSignal | undefined
}

/** What validation made of a file: `rowsIn` is the sum of `kept` and `quarantined`. */
export interface ValidatedFile {
  readonly rowsIn: number
  readonly kept: number
  readonly quarantined: number
  readonly reasons: Readonly<Record<string, number>>
  /** Rows with a known label, and those of the positive class. */
  readonly labelled: number
  readonly positives: number
  /** Event times of the first and last kept row, ISO 8601. */
  readonly from: string | null
  readonly to: string | null
  /** Parquet of the kept and of the broken rows, in scratch; absent without such rows. */
  readonly keptFile?: string
  readonly quarantineFile?: string
}

/**
 * Reads a file by the spec and sorts its rows. Rejects with `UnreadableSource` when the file as a whole cannot be read;
 * with `InvalidSpec` when an expression of the spec cannot be used.
 */
export async function validateFile(duckDb: DuckDb, request: ValidateRequest): Promise<ValidatedFile> {
  const { spec } = request
  await requireExpressions(duckDb.connection, spec)
  const raw = await openRawRows(duckDb, { ...request, columns: Object.keys(spec.data.columns) })
  await materialize(duckDb, checkedRows(spec, raw), request.signal)
  const reasons = await countReasons(duckDb)
  const quarantined = Object.values(reasons).reduce((total, rows) => total + rows, 0)
  const keptFile = await write(duckDb, 'kept', keptColumns(spec), '_reason IS NULL')
  const kept = keptFile === undefined ? 0 : await parquetRows(duckDb.connection, keptFile)
  if (kept + quarantined !== raw.rowsIn) {
    throw new RefitError('UnreadableSource', `${raw.rowsIn} rows were counted, but ${kept + quarantined} could be read`)
  }
  const quarantineFile = await write(duckDb, 'quarantine', quarantineColumns(spec), '_reason IS NOT NULL')
  const summary = await summarize(duckDb)
  await duckDb.connection.run('DROP TABLE checked')
  return {
    rowsIn: raw.rowsIn,
    kept,
    quarantined,
    reasons,
    ...summary,
    ...(keptFile === undefined ? {} : { keptFile }),
    ...(quarantineFile === undefined ? {} : { quarantineFile }),
  }
}

/** Runs the chain once: the rows are written to two files and counted, and must be the same each time. */
async function materialize({ connection }: DuckDb, rows: string, signal?: AbortSignal): Promise<void> {
  try {
    await connection.run(`CREATE TEMP TABLE checked AS ${rows}`)
  } catch (thrown) {
    if (signal?.aborted === true || isHostFailure(thrown)) throw thrown
    if (/^(Binder|Catalog|Parser) Error/.test(messageOf(thrown))) throw thrown
    throw new RefitError('UnreadableSource', `damaged: ${reasonOf(thrown)}`, { cause: thrown })
  }
}

async function countReasons({ connection }: DuckDb): Promise<Record<string, number>> {
  const rows = await queryRows(
    connection,
    'SELECT _reason, count(*) AS rows FROM checked WHERE _reason IS NOT NULL GROUP BY _reason ORDER BY _reason',
    z.object({ _reason: z.string(), rows: Count }),
  )
  return Object.fromEntries(rows.map(({ _reason, rows }) => [_reason, rows]))
}

/** Writes rows to Parquet in scratch; `undefined` when there are none. */
async function write({ connection, folder }: DuckDb, name: string, columns: readonly string[], where: string) {
  const path = join(folder, `${name}.parquet`)
  const rows = `SELECT ${columns.join(', ')} FROM checked WHERE ${where}`
  const copied = await connection.run(`COPY (${rows}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`)
  return copied.rowsChanged === 0 ? undefined : path
}

const keptColumns = ({ data }: ModelSpec): readonly string[] => [
  ...[...Object.keys(data.columns), ...Object.keys(data.derived)].map(sqlName),
  '_label',
  '_time',
]

/** Values as text, as they came: a row that broke because of its type has no other form. */
const quarantineColumns = ({ data }: ModelSpec): readonly string[] => [
  '_row',
  '_reason',
  '_text',
  ...Object.keys(data.columns).map((name) => `CAST(${rawName(name)} AS VARCHAR) AS ${sqlName(name)}`),
]

async function summarize({ connection }: DuckDb) {
  return queryRow(
    connection,
    `SELECT labelled, positives, ${isoTime('first')} AS "from", ${isoTime('last')} AS "to" FROM (
      SELECT count(_label) AS labelled, count(*) FILTER (_label) AS positives, min(_time) AS first, max(_time) AS last
      FROM checked WHERE _reason IS NULL)`,
    z.object({ labelled: Count, positives: Count, from: z.string().nullable(), to: z.string().nullable() }),
  )
}
