/** The log of a dataset, and where its objects are. */
import { createHash } from 'node:crypto'
import { arrivalKey, type BatchSource, type Known } from '../source/source.js'
import { type Log, sharedLog } from '../storage/log.js'
import type { Storage } from '../storage/storage.js'
import { Commit } from './commit.js'

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
  createHash('sha256')
    .update(JSON.stringify(source.place === undefined ? [batch, arrivalKey(source)] : [arrivalKey(source)]))
    .digest('hex')

/** What was committed, and the position of the log that this is true of. */
export async function committedBatches(log: Log<Commit>): Promise<{ batches: CommittedBatches; seq: number }> {
  const empty: CommittedBatches = { arrivals: {}, contents: {}, cursors: {} }
  const { state, seq } = await log.fold('arrivals', empty, (batches, { seq, body }) => {
    const { source, batch, receipt } = body
    batches.arrivals[arrivalKey(source)] = seq
    if (receipt.unreadable === undefined) batches.contents[batch] ??= seq
    if (source.place !== undefined) batches.cursors[source.place.origin] = source.place.upTo ?? source.place.after
    return batches
  })
  return { batches: state, seq }
}

/** What a source must know, of these commits and what failed in this run. */
export function knownOf({ arrivals, cursors }: CommittedBatches, failed: readonly string[] = []): Known {
  return {
    has: (batch) => failed.includes(batch.path) || arrivals[arrivalKey(batch)] !== undefined,
    cursor: (origin) => cursors[origin] ?? '',
  }
}
