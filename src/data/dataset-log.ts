/** The log of a dataset, and where its objects are. */
import { RefitError } from '../errors.js'
import { arrivalKey, type BatchSource, type Known } from '../source/source.js'
import { sha256OfBytes } from '../storage/digest.js'
import { type Log, sharedLog } from '../storage/log.js'
import type { ObjectRef } from '../storage/objects.js'
import type { Storage } from '../storage/storage.js'
import { Commit, type PositionedCommit } from './commit.js'

/** The parts of a dataset that are objects. */
export type DatasetFolder = 'partitions' | 'profiles' | 'quarantine' | 'selections'

/** Folder of objects of a dataset. */
export const datasetFolder = (dataset: string, folder: DatasetFolder): string => `datasets/${dataset}/${folder}`

/** The log of a dataset's commits. */
export const datasetLog = (storage: Storage, dataset: string): Log<Commit> =>
  sharedLog(storage, `datasets/${dataset}/log`, Commit)

/** What was committed before, as far as it decides about a batch that arrives. */
export interface CommittedBatches {
  /** Number of the commit by {@link arrivalKey}. */
  readonly arrivals: Record<string, number>
  /** Number of the commit that holds the rows, by digest of the bytes. An unreadable batch holds none. */
  readonly contents: Record<string, number>
  /** Where each ordered source stands, by its origin. */
  readonly cursors: Record<string, string>
}

/** Idempotency key of a commit: one arrival of these bytes has one, and so has one place of an ordered source. */
export const commitId = (batch: string, source: BatchSource): string =>
  idOf(source.place === undefined ? [batch, arrivalKey(source)] : [arrivalKey(source)])

/** A text of fixed length for what makes a commit the one that it is. */
export const idOf = (parts: readonly unknown[]): string => sha256OfBytes(Buffer.from(JSON.stringify(parts)))

/** Commits of a log with their positions, in order; all, or those up to `to`. */
export async function* commitsOf(log: Log<Commit>, to?: number): AsyncGenerator<PositionedCommit, void, undefined> {
  for await (const { seq, actor, body } of log.entries(to === undefined ? {} : { to })) {
    yield { ...body, seq, ingestedBy: actor }
  }
}

/** What was committed, and the position of the log that this is true of. */
export async function committedBatches(log: Log<Commit>): Promise<{ batches: CommittedBatches; seq: number }> {
  const empty: CommittedBatches = { arrivals: {}, contents: {}, cursors: {} }
  // Another name than before there were commits of taken rows: kept states are known by their name.
  const { state, seq } = await log.fold('batches', empty, (batches, { seq, body }) => {
    const { source, batch, receipt, taken } = body
    if (receipt.unreadable === undefined && taken?.verb !== 'drop') batches.contents[batch] ??= seq
    // What is taken out of quarantine is no arrival, and does not move a cursor back.
    if (taken !== undefined) return batches
    batches.arrivals[arrivalKey(source)] = seq
    if (source.place !== undefined) batches.cursors[source.place.origin] = source.place.upTo ?? source.place.after
    return batches
  })
  return { batches: state, seq }
}

/** A commit by its number. Rejects with `StoreCorrupt` when there is none. */
export async function commitAt(log: Log<Commit>, seq: number): Promise<{ seq: number; commit: Commit }> {
  const entry = await log.at(seq)
  if (entry !== undefined) return { seq, commit: entry.body }
  throw new RefitError(
    'StoreCorrupt',
    `Cannot read commit ${seq}: the log has no such entry. Restore it from a backup.`,
  )
}

/** A partition, and the event times that it spans. */
export interface SpannedPartition {
  readonly partition: ObjectRef
  readonly from: string
  readonly to: string
}

/** All partitions, in their order. What was committed since `committedBatches` may be among them. */
export async function partitionsOf(log: Log<Commit>): Promise<readonly SpannedPartition[]> {
  const empty: SpannedPartition[] = []
  const { state } = await log.fold('partitions', empty, (partitions, { body }) => {
    partitions.push(...partitionIn(body))
    return partitions
  })
  return state
}

/** The partition of a commit, in a list; an empty one where it has none. */
export const partitionIn = ({ partition, from, to }: Commit): readonly SpannedPartition[] =>
  partition === undefined || from === null || to === null ? [] : [{ partition, from, to }]

/** What a source must know, of these commits and what failed in this run. */
export function knownOf({ arrivals, cursors }: CommittedBatches, failed: readonly string[] = []): Known {
  return {
    has: (batch) => failed.includes(batch.path) || arrivals[arrivalKey(batch)] !== undefined,
    cursor: (origin) => cursors[origin] ?? '',
  }
}
