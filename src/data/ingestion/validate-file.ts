import { z } from 'zod'
import { messageOf, RefitError } from '../../errors.js'
import type { ModelSpec } from '../../spec/spec.js'
import type { DuckDb } from '../engine/context.js'
import { isHostFailure, reasonOf } from '../engine/duckdb-error.js'
import { Count, queryRows } from '../engine/query.js'
import { parquetScan, sqlName, sqlText } from '../engine/sql.js'
import type { BatchFormat } from '../format/batch-format.js'
import { type CountedRows, openRawRows } from '../format/raw-rows.js'
import { countRows } from '../profile/count-rows.js'
import { checkedRows } from '../rules/checked-rows.js'
import { requireExpressions } from '../rules/expressions.js'
import { SET_ASIDE, streamRows, type WrittenRows } from './stream-rows.js'

/** What to validate: a file in the scratch folder of the instance. */
export interface ValidateRequest {
  readonly spec: ModelSpec
  readonly path: string
  readonly format: BatchFormat
  readonly signal?: AbortSignal | undefined
}

/** What the rules say of rows: `rowsIn` is the sum of `sound` and `broken`. */
export interface JudgedRows {
  readonly rowsIn: number
  readonly sound: number
  readonly broken: number
  /** Broken rows by the first rule that they broke. */
  readonly reasons: Readonly<Record<string, number>>
  /** Sound rows with a known label, and those of the positive class. */
  readonly labelled: number
  readonly positives: number
  /** Event times of the first and last sound row, ISO 8601. */
  readonly from: string | null
  readonly to: string | null
  /** Set where the rows were sorted as they were read, which they are when none is judged by others. */
  readonly written?: WrittenRows
}

/**
 * Reads a file by the spec and judges its rows, which are then in the table `checked` of the instance, as `checkedRows` tells.
 * Rejects with `UnreadableSource` when the file as a whole cannot be read; with `InvalidSpec` when an expression of the spec
 * cannot be used.
 */
export async function validateFile(duckDb: DuckDb, request: ValidateRequest): Promise<JudgedRows> {
  const { spec, signal } = request
  await requireExpressions(duckDb.connection, spec)
  const { columns, encoding } = spec.data
  const raw = await openRawRows(duckDb, { ...request, columns: Object.keys(columns), encoding })
  return judgeRows(duckDb, { spec, raw, signal })
}

/** As {@link validateFile}, of rows that are open; the expressions of the spec must have been checked. */
export async function judgeRows(
  duckDb: DuckDb,
  { spec, raw, signal }: { spec: ModelSpec; raw: CountedRows; signal?: AbortSignal | undefined },
): Promise<JudgedRows> {
  const rows = checkedRows(spec, raw)
  const written = await orDamaged(
    () => (isStreamed(spec) ? stream(duckDb, spec, rows) : keepTable(duckDb, spec, rows)),
    signal,
  )
  const reasons = await countReasons(duckDb, written === undefined ? 'checked' : SET_ASIDE)
  const broken = Object.values(reasons).reduce((total, rows) => total + rows, 0)
  const summary = await summarize(duckDb, written)
  if (summary.sound + broken !== raw.rowsIn) {
    throw new RefitError(
      'UnreadableSource',
      `${raw.rowsIn} rows were counted, but ${summary.sound + broken} could be read`,
    )
  }
  return { rowsIn: raw.rowsIn, broken, reasons, ...summary, ...(written === undefined ? {} : { written }) }
}

/** A row that is judged by others waits for them, so the rows must be held. */
const isStreamed = ({ data }: ModelSpec): boolean =>
  data.key === undefined && Object.values(data.columns).every(({ unique }) => !unique)

/** Sorts the rows as they are read. Whoever asks for all of them later, reads again. */
async function stream(duckDb: DuckDb, spec: ModelSpec, rows: string): Promise<WrittenRows> {
  await duckDb.connection.run(`CREATE TEMP VIEW checked AS ${rows}`)
  return streamRows(duckDb, spec, rows)
}

/** Runs the chain once and holds the rows: they are read several times, and must be the same each time. */
async function keepTable(duckDb: DuckDb, spec: ModelSpec, rows: string): Promise<undefined> {
  await duckDb.connection.run(`CREATE TEMP TABLE checked AS ${rows}`)
  await judgeUniqueness(duckDb, spec)
}

async function orDamaged<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (signal?.aborted === true || isHostFailure(thrown) || thrown instanceof RefitError) throw thrown
    if (/^(Binder|Catalog|Parser) Error/.test(messageOf(thrown))) throw thrown
    throw new RefitError('UnreadableSource', `damaged: ${reasonOf(thrown)}`, { cause: thrown })
  }
}

/**
 * The rules that look at other rows come last, over rows that are sound by all others: a broken row takes no value away
 * from a sound one. They read two columns only, so a spec without them pays nothing and one with them little.
 */
async function judgeUniqueness({ connection }: DuckDb, { data }: ModelSpec): Promise<void> {
  for (const [name, { unique }] of Object.entries(data.columns)) {
    if (!unique) continue
    const column = sqlName(name)
    await connection.run(`UPDATE checked SET _reason = ${sqlText(`${name}: unique`)} FROM (
      SELECT _row, row_number() OVER (PARTITION BY ${column} ORDER BY _row) AS _nth FROM checked
      WHERE _reason IS NULL AND ${column} IS NOT NULL) repeated
      WHERE checked._row = repeated._row AND repeated._nth > 1`)
  }
}

async function countReasons({ connection }: DuckDb, table: string): Promise<Record<string, number>> {
  const rows = await queryRows(
    connection,
    `SELECT _reason, count(*) AS rows FROM ${table} WHERE _reason IS NOT NULL GROUP BY _reason ORDER BY _reason`,
    z.object({ _reason: z.string(), rows: Count }),
  )
  return Object.fromEntries(rows.map(({ _reason, rows }) => [_reason, rows]))
}

async function summarize({ connection }: DuckDb, written: WrittenRows | undefined) {
  const relation = written?.keptFile === undefined ? 'checked WHERE _reason IS NULL' : parquetScan([written.keptFile])
  const counted = await countRows(connection, relation, { label: '_label', time: '_time' })
  const { rows: sound, known: labelled, positive: positives, from, to } = counted
  return { sound, labelled, positives, from, to }
}
