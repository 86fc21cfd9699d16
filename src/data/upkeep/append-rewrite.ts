/**
 * The one way in which a partition takes the place of others. What must always be true:
 *
 * 1. The entry decides: it is appended only while all that it replaces is there, so of two rewrites one wins.
 * 2. Objects come first, and under names that no removal has taken.
 * 3. What was committed meanwhile is none of its business: the work is not done again.
 */
import type { DatasetLog, Rewrite } from '../dataset/dataset-entry.js'
import { committedBatches, idOf, livePartitions } from '../dataset/dataset-log.js'
import type { RemovedObjects } from '../ingestion/store-rows.js'

/** What to append, and on whose behalf. */
export interface RewriteRequest {
  readonly actor: string
  readonly verb: Rewrite['rewrite']['verb']
  /** Numbers of the entries whose partitions it replaces. */
  readonly of: readonly number[]
  /** Stores the objects and gives the entry; called again when an object that it names is removed. */
  readonly store: (removed: RemovedObjects) => Promise<Rewrite>
}

/** Appends a rewrite and gives its number; `undefined` when somebody else replaced one of the partitions. */
export async function appendRewrite(log: DatasetLog, request: RewriteRequest): Promise<number | undefined> {
  const { actor, verb, of, store } = request
  let body: Rewrite | undefined
  for (;;) {
    const { partitions, seq: expectedSeq } = await livePartitions(log)
    const live = new Set(partitions.map(({ entry }) => entry))
    if (!of.every((entry) => live.has(entry))) return undefined
    // Read after the position that is expected: no removal up to that is missed.
    const { removed } = (await committedBatches(log)).batches
    if (body === undefined || namesRemoved(body, removed)) body = await store(removed)
    const outcome = await log.append({ id: idOf(['rewrite', verb, of]), actor, body, expectedSeq })
    if (outcome.kind !== 'stale') return outcome.entry.seq
  }
}

const namesRemoved = ({ partition, shrunk }: Rewrite, removed: RemovedObjects): boolean =>
  [partition, ...shrunk.map(({ profile }) => profile)].some((ref) => ref !== undefined && removed[ref.uri] === true)
