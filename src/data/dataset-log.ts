/** The log of a dataset, and where its objects are. */
import { createHash } from 'node:crypto'
import { type Log, sharedLog } from '../storage/log.js'
import type { Storage } from '../storage/storage.js'
import { type BatchSource, Commit } from './commit.js'

/** The parts of a dataset that are objects. */
export type DatasetFolder = 'partitions' | 'profiles' | 'quarantine' | 'selections'

/** Folder of objects of a dataset. */
export const datasetFolder = (dataset: string, folder: DatasetFolder): string => `datasets/${dataset}/${folder}`

/** The log of a dataset's commits. */
export const datasetLog = (storage: Storage, dataset: string): Log<Commit> =>
  sharedLog(storage, `datasets/${dataset}/log`, Commit)

/** What was committed before, as far as it decides about a batch that arrives. */
export interface CommittedBatches {
  /** Number of the commit by {@link sourceKey}. */
  readonly sources: Record<string, number>
  /** Number of the commit that holds the rows, by digest of the bytes. An unreadable batch holds none. */
  readonly contents: Record<string, number>
}

/** A file as it was found, as one text: the same file changed is another arrival. */
export const sourceKey = ({ path, bytes, modifiedAt }: BatchSource): string => JSON.stringify([path, bytes, modifiedAt])

/** Idempotency key of a commit: one arrival of these bytes has one. */
export const commitId = (batch: string, source: BatchSource): string =>
  createHash('sha256')
    .update(JSON.stringify([batch, sourceKey(source)]))
    .digest('hex')

/** What was committed, and the position of the log that this is true of. */
export async function committedBatches(log: Log<Commit>): Promise<{ batches: CommittedBatches; seq: number }> {
  const empty: CommittedBatches = { sources: {}, contents: {} }
  const { state, seq } = await log.fold('committed-batches', empty, (batches, { seq, body }) => {
    batches.sources[sourceKey(body.source)] = seq
    if (body.receipt.unreadable === undefined) batches.contents[body.batch] ??= seq
    return batches
  })
  return { batches: state, seq }
}
