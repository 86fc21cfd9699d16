/** The log of a dataset, and where its objects are. */
import { RefitError } from '../../errors.js'
import { arrivalKey, type BatchSource, type Known } from '../../source/source.js'
import { sha256OfBytes } from '../../storage/digest.js'
import { sharedLog } from '../../storage/log.js'
import type { ObjectRef } from '../../storage/objects.js'
import type { Storage } from '../../storage/storage.js'
import type { Commit, PositionedCommit } from './commit.js'
import {
  DatasetEntry,
  type DatasetLog,
  isCommit,
  isRemoval,
  isRewrite,
  type PositionedEntry,
  type Rewrite,
} from './dataset-entry.js'

/** The parts of a dataset that are objects. */
export const DATASET_FOLDERS = ['partitions', 'profiles', 'quarantine', 'selections'] as const
/** A part of a dataset that is objects. */
export type DatasetFolder = (typeof DATASET_FOLDERS)[number]

/** Folder of objects of a dataset. */
export const datasetFolder = (dataset: string, folder: DatasetFolder): string => `datasets/${dataset}/${folder}`

/** The log of a dataset: what came in, and what was done to it later. */
export const datasetLog = (storage: Storage, dataset: string): DatasetLog =>
  sharedLog(storage, `datasets/${dataset}/log`, DatasetEntry)

/** What was committed before, as far as it decides about a batch that arrives. */
export interface CommittedBatches {
  /** Number of the commit by {@link arrivalKey}. */
  readonly arrivals: Record<string, number>
  /** Number of the commit that holds the rows, by digest of the bytes. An unreadable batch holds none. */
  readonly contents: Record<string, number>
  /** Where each ordered source stands, by its origin. */
  readonly cursors: Record<string, string>
  /** Keys of objects that are removed, and must not be named again. */
  readonly removed: Record<string, true>
}

/** Idempotency key of a commit: one arrival of these bytes has one, and so has one place of an ordered source. */
export const commitId = (batch: string, source: BatchSource): string =>
  idOf(source.place === undefined ? [batch, arrivalKey(source)] : [arrivalKey(source)])

/** A text of fixed length for what makes a commit the one that it is. */
export const idOf = (parts: readonly unknown[]): string => sha256OfBytes(Buffer.from(JSON.stringify(parts)))

/** Entries of a log, in order, each read anew; all, or those up to `to`. */
export async function* entriesOf(log: DatasetLog, to?: number): AsyncGenerator<PositionedEntry, void, undefined> {
  yield* log.entries(to === undefined ? {} : { to })
}

/** Commits of a log with their positions, in order; all, or those up to `to`. */
export async function* commitsOf(log: DatasetLog, to?: number): AsyncGenerator<PositionedCommit, void, undefined> {
  for await (const { seq, actor, body } of entriesOf(log, to)) {
    if (isCommit(body)) yield { ...body, seq, ingestedBy: actor }
  }
}

/** All entries in order. The log keeps them together, so that years of them are a few reads. */
export async function allEntries(log: DatasetLog): Promise<readonly PositionedEntry[]> {
  const empty: PositionedEntry[] = []
  const { state } = await log.fold('entries', empty, (entries, { seq, at, actor, body }) => {
    entries.push({ seq, at, actor, body })
    return entries
  })
  // A copy: the log goes on with its own.
  return [...state]
}

/** What was committed, and the position of the log that this is true of. */
export async function committedBatches(log: DatasetLog): Promise<{ batches: CommittedBatches; seq: number }> {
  // Another name than before objects were removed: kept states are known by their name.
  const { state, seq } = await log.fold('arrivals', noBatches(), addEntry)
  return { batches: state, seq }
}

/** What had been committed by a time, ISO 8601. */
export const committedBy = async (log: DatasetLog, time: string): Promise<CommittedBatches> =>
  (await allEntries(log)).filter(({ at }) => at <= time).reduce(addEntry, noBatches())

const noBatches = (): CommittedBatches => ({ arrivals: {}, contents: {}, cursors: {}, removed: {} })

function addEntry(batches: CommittedBatches, { seq, body }: Pick<PositionedEntry, 'seq' | 'body'>): CommittedBatches {
  if (isRemoval(body)) for (const key of body.removed.objects) batches.removed[key] = true
  if (isCommit(body)) addCommit(batches, seq, body)
  return batches
}

function addCommit(batches: CommittedBatches, seq: number, { source, batch, receipt, taken }: Commit): void {
  const holdsRows = taken === undefined || taken.verb === 'release'
  if (receipt.unreadable === undefined && holdsRows) batches.contents[batch] ??= seq
  // What is taken out of quarantine is no arrival, and does not move a cursor back.
  if (taken !== undefined) return
  batches.arrivals[arrivalKey(source)] = seq
  if (source.place !== undefined) batches.cursors[source.place.origin] = source.place.upTo ?? source.place.after
}

/** A commit by its number. Rejects with `StoreCorrupt` when there is none. */
export const commitAt = async (log: DatasetLog, seq: number): Promise<NumberedCommit> =>
  commitIn({ seq, body: (await log.at(seq))?.body })

/** A commit with its number. */
export interface NumberedCommit {
  readonly seq: number
  readonly commit: Commit
}

/** The commit that an entry is. Throws `StoreCorrupt` when it is none. */
export function commitIn({
  seq,
  body,
}: {
  readonly seq: number
  readonly body: DatasetEntry | undefined
}): NumberedCommit {
  if (body !== undefined && isCommit(body)) return { seq, commit: body }
  throw new RefitError(
    'StoreCorrupt',
    `Cannot read commit ${seq}: the log has no such entry. Restore it from a backup.`,
  )
}

/** A partition, and the event times that it spans. */
export interface SpannedPartition {
  /** Number of the entry that made it. */
  readonly entry: number
  readonly partition: ObjectRef
  readonly from: string
  readonly to: string
}

/**
 * The partitions that hold the rows now, in their order, and the position of the log that this is true of. What was committed
 * since `committedBatches` may be among them.
 */
export async function livePartitions(
  log: DatasetLog,
): Promise<{ readonly partitions: readonly SpannedPartition[]; readonly seq: number }> {
  const empty: SpannedPartition[] = []
  const { state, seq } = await log.fold('live-partitions', empty, (partitions, { seq, body }) => {
    if (isRewrite(body)) return replaceIn(partitions, seq, body)
    if (isCommit(body)) partitions.push(...partitionIn(seq, body))
    return partitions
  })
  return { partitions: [...state], seq }
}

/** What took the place of neighbours is where the first of them was. */
function replaceIn(partitions: readonly SpannedPartition[], seq: number, body: Rewrite): SpannedPartition[] {
  const replaced = new Set(body.rewrite.of)
  const first = partitions.findIndex(({ entry }) => replaced.has(entry))
  const left = partitions.filter(({ entry }) => !replaced.has(entry))
  left.splice(first === -1 ? left.length : first, 0, ...partitionIn(seq, body))
  return left
}

/** All partitions that hold rows now, in their order. */
export const partitionsOf = async (log: DatasetLog): Promise<readonly SpannedPartition[]> =>
  (await livePartitions(log)).partitions

/** The partition of an entry, in a list; an empty one where it has none. */
const partitionIn = (
  entry: number,
  { partition, from, to }: Pick<Commit, 'partition' | 'from' | 'to'>,
): readonly SpannedPartition[] =>
  partition === undefined || from === null || to === null ? [] : [{ entry, partition, from, to }]

/** What a source must know, of these commits and what failed in this run. */
export function knownOf({ arrivals, cursors }: CommittedBatches, failed: readonly string[] = []): Known {
  return {
    has: (batch) => failed.includes(batch.path) || arrivals[arrivalKey(batch)] !== undefined,
    cursor: (origin) => cursors[origin] ?? '',
  }
}
