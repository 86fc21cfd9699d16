/** Retention: rows that are too old leave the dataset, by whole partitions. What older versions were trained on is not touched. */
import { type Commit, NO_ROWS } from '../dataset/commit.js'
import { datasetLog } from '../dataset/dataset-log.js'
import { DAY_MS } from '../dataset/day.js'
import { type Partition, rowsIn, spanOf } from '../dataset/partition.js'
import { openSnapshot } from '../dataset/snapshot.js'
import type { DataContext } from '../engine/context.js'
import { appendRewrite } from './append-rewrite.js'

/** What is too old, and on whose behalf it is dropped. */
export interface RetireRequest {
  readonly dataset: string
  readonly retentionDays: number
  /** What counts as now, ISO 8601. */
  readonly asOf: string
  /** Rows from this event time on stay, however old they are; ISO 8601. */
  readonly keepFrom?: string | undefined
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
  const { dataset, isDry = false } = request
  const beforeMs = Math.min(tooOldBefore(request), Date.parse(request.keepFrom ?? FOREVER))
  for (;;) {
    const { partitions } = await openSnapshot(context, dataset)
    const old = partitions.filter((partition) => isOlder(partition, beforeMs))
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

/** A time after all rows. */
const FOREVER = '9999-12-31T00:00:00.000Z'

const tooOldBefore = ({ asOf, retentionDays }: Pick<RetireRequest, 'asOf' | 'retentionDays'>): number =>
  Date.parse(asOf) - retentionDays * DAY_MS

const isOlder = ({ pieces }: Partition, beforeMs: number): boolean =>
  pieces.every(({ to }) => Date.parse(to) < beforeMs)

/** Event time of the first row that `retire` leaves, or has left; ISO 8601, `undefined` without any. */
export function firstKept(
  partitions: readonly Partition[],
  retention: Pick<RetireRequest, 'asOf' | 'retentionDays'>,
): string | undefined {
  const beforeMs = tooOldBefore(retention)
  const kept = partitions.filter((partition) => !isOlder(partition, beforeMs))
  return spanOf(kept.flatMap(({ pieces }) => pieces)).from ?? undefined
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
