/** Retention: rows that are too old leave the dataset, by whole partitions. What older versions were trained on is not touched. */
import { type Commit, NO_ROWS } from '../dataset/commit.js'
import { datasetLog } from '../dataset/dataset-log.js'
import { type Partition, rowsIn, spanOf } from '../dataset/partition.js'
import { openSnapshot } from '../dataset/snapshot.js'
import type { DataContext } from '../engine/context.js'
import { appendRewrite } from './append-rewrite.js'

const DAY_MS = 86_400_000

/** What is too old, and on whose behalf it is dropped. */
export interface RetireRequest {
  readonly dataset: string
  readonly retentionDays: number
  /** What counts as now, ISO 8601. */
  readonly asOf: string
  readonly actor: string
  readonly why: string
  /** Plans only. */
  readonly isDry?: boolean
}

/** What was dropped, or would be. */
export interface Retired {
  /** Event time before which rows are too old, ISO 8601. */
  readonly before: string
  readonly partitions: number
  readonly rows: Commit['receipt']['dropped']
  readonly from: string | null
  readonly to: string | null
  /** Number of the entry; null for a plan, and where nothing is too old. */
  readonly entry: number | null
}

/** Drops the partitions of which every row is too old. */
export async function retire(context: DataContext, request: RetireRequest): Promise<Retired> {
  const { dataset, retentionDays, asOf, isDry = false } = request
  const beforeMs = Date.parse(asOf) - retentionDays * DAY_MS
  for (;;) {
    const { partitions } = await openSnapshot(context, dataset)
    const old = partitions.filter(({ pieces }) => pieces.every(({ to }) => Date.parse(to) < beforeMs))
    const plan = {
      before: new Date(beforeMs).toISOString(),
      partitions: old.length,
      rows: old.reduce((sum, partition) => sum + rowsIn(partition), 0),
      ...spanOf(old.flatMap(({ pieces }) => pieces)),
    }
    if (isDry || old.length === 0) return { ...plan, entry: null }
    const entry = await drop(context, request, { ...plan, old })
    // Somebody rewrote one of them meanwhile: look again.
    if (entry !== undefined) return { ...plan, entry }
  }
}

async function drop(
  context: DataContext,
  { dataset, retentionDays, actor, why }: RetireRequest,
  { old, rows, before }: { readonly old: readonly Partition[]; readonly rows: number; readonly before: string },
): Promise<number | undefined> {
  const of = old.map(({ entry }) => entry)
  const rule = `older than ${retentionDays} days: before ${before}`
  const receipt = { ...NO_ROWS, rowsIn: rows, dropped: rows }
  return appendRewrite(datasetLog(context.storage, dataset), {
    actor,
    verb: 'retire',
    of,
    store: async () => ({ rewrite: { verb: 'retire', of, why, rule }, receipt, shrunk: [], from: null, to: null }),
  })
}
