import { join } from 'node:path'
import { z } from 'zod'
import { RefitError } from '../../errors.js'
import type { ModelSpec } from '../../spec/spec.js'
import { type KeyRule, NO_ROWS, type Receipt } from '../dataset/commit.js'
import type { DuckDb } from '../engine/context.js'
import { parquetRows, queryRow } from '../engine/query.js'
import { isoTime, PARTITION_FORMAT, sqlText } from '../engine/sql.js'
import { keptColumns, quarantineColumns } from '../rules/partition-columns.js'
import { findRepeats, keyRuleOf } from './key-repeats.js'
import type { WrittenRows } from './stream-rows.js'
import type { JudgedRows } from './validate-file.js'

/** What to sort: rows that were judged, which are in the table `checked`. */
export interface SortRequest {
  readonly spec: ModelSpec
  readonly judged: JudgedRows
  /** Whether a batch with too many broken rows is stopped; not where a person releases one. */
  readonly isGated: boolean
  /** Local files of the partitions that may hold the same keys; the instance may read them. */
  readonly earlier: readonly string[]
}

/** Where each row goes. */
export interface SortedRows {
  readonly receipt: Receipt
  readonly key?: KeyRule
  /** Event times of the first and last kept row, ISO 8601. */
  readonly from: string | null
  readonly to: string | null
  /** Parquet of the kept and of the broken rows, in scratch; absent without such rows. */
  readonly keptFile?: string
  readonly quarantineFile?: string
}

/** Sorts judged rows into kept, quarantined and duplicates, and writes the first two. May be called again with other partitions. */
export async function sortRows(duckDb: DuckDb, request: SortRequest): Promise<SortedRows> {
  const { spec, judged, isGated } = request
  const { rowsIn, broken } = judged
  const limit = spec.data.maxQuarantineShare
  if (isGated && rowsIn > 0 && broken / rowsIn > limit) return stopBatch(duckDb, request)
  const key = keyRuleOf(spec)
  const repeats = key === undefined ? undefined : await findRepeats(duckDb, { spec, key, files: request.earlier })
  const isKept = repeats === undefined ? '_reason IS NULL' : `_reason IS NULL AND _row NOT IN (FROM ${repeats.table})`
  const duplicates = repeats?.rows ?? 0
  const { keptFile, quarantineFile } = judged.written ?? (await writeRows(duckDb, spec, isKept))
  const kept = keptFile === undefined ? 0 : await parquetRows(duckDb.connection, keptFile)
  requireSum(judged, kept + broken + duplicates)
  const { from, to } = duplicates === 0 ? judged : await span(duckDb, isKept)
  return {
    receipt: { ...NO_ROWS, rowsIn, kept, quarantined: broken, duplicates, reasons: judged.reasons },
    ...(key === undefined ? {} : { key }),
    from,
    to,
    ...(keptFile === undefined ? {} : { keptFile }),
    ...(quarantineFile === undefined ? {} : { quarantineFile }),
  }
}

/**
 * All of a stopped batch goes to quarantine, so that nothing learns from it until a person releases it. Nothing is called a
 * duplicate yet: that is judged when the rows are released.
 */
async function stopBatch(duckDb: DuckDb, { spec, judged }: SortRequest): Promise<SortedRows> {
  const { rowsIn, sound, broken, reasons } = judged
  const limit = spec.data.maxQuarantineShare
  const reason = `batch: ${percent(broken / rowsIn)} broken, limit ${percent(limit)}`
  const columns = quarantineColumns(spec).map((column) =>
    column === '_reason' ? `COALESCE(_reason, ${sqlText(reason)}) AS _reason` : column,
  )
  const quarantineFile = await write(duckDb, 'quarantine', columns, 'TRUE')
  requireSum(judged, quarantineFile === undefined ? 0 : await parquetRows(duckDb.connection, quarantineFile))
  const all = sound === 0 ? reasons : { ...reasons, [reason]: sound }
  return {
    receipt: { ...NO_ROWS, rowsIn, quarantined: rowsIn, reasons: all, stopped: { broken, limit } },
    from: null,
    to: null,
    ...(quarantineFile === undefined ? {} : { quarantineFile }),
  }
}

/** Four digits, so that a share just above the limit does not look like it. */
const percent = (share: number): string => `${Number((share * 100).toPrecision(4))} %`

function requireSum({ rowsIn }: JudgedRows, sum: number): void {
  if (sum === rowsIn) return
  throw new RefitError('UnreadableSource', `${rowsIn} rows were judged, but ${sum} could be sorted`)
}

async function writeRows(duckDb: DuckDb, spec: ModelSpec, isKept: string): Promise<WrittenRows> {
  const keptFile = await write(duckDb, 'kept', keptColumns(spec), isKept)
  const quarantineFile = await write(duckDb, 'quarantine', quarantineColumns(spec), '_reason IS NOT NULL')
  return {
    ...(keptFile === undefined ? {} : { keptFile }),
    ...(quarantineFile === undefined ? {} : { quarantineFile }),
  }
}

/** Writes rows to Parquet in scratch; `undefined` when there are none. */
async function write({ connection, folder }: DuckDb, name: string, columns: readonly string[], where: string) {
  const path = join(folder, `${name}.parquet`)
  const rows = `SELECT ${columns.join(', ')} FROM checked WHERE ${where}`
  const copied = await connection.run(`COPY (${rows}) TO ${sqlText(path)} (${PARTITION_FORMAT})`)
  return copied.rowsChanged === 0 ? undefined : path
}

async function span({ connection }: DuckDb, where: string) {
  return queryRow(
    connection,
    `SELECT ${isoTime('first')} AS "from", ${isoTime('last')} AS "to"
      FROM (SELECT min(_time) AS first, max(_time) AS last FROM checked WHERE ${where})`,
    z.object({ from: z.string().nullable(), to: z.string().nullable() }),
  )
}
