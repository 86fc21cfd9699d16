/** From judged rows to what a commit says of them: sorted, stored as objects, profiled. What is stored counts once a log entry names it. */
import { isRefitError } from '../../errors.js'
import type { ModelSpec } from '../../spec/spec.js'
import { type ObjectRef, putFile, putJson } from '../../storage/objects.js'
import { type Commit, NO_ROWS } from '../dataset/commit.js'
import type { DatasetLog } from '../dataset/dataset-entry.js'
import { datasetFolder, partitionsOf, type SpannedPartition } from '../dataset/dataset-log.js'
import { both } from '../engine/both.js'
import type { DataContext, DuckDb } from '../engine/context.js'
import { lendFile, verifiedFile } from '../engine/lend-file.js'
import { requireBins } from '../profile/bins.js'
import { profilePartition } from '../profile/profile.js'
import { keyRuleOf, partitionsNear } from './key-repeats.js'
import { type SortedRows, sortRows } from './sort-rows.js'
import type { JudgedRows } from './validate-file.js'

/** Everything a commit says but which batch it is of, and where its rows come from. */
export type Contents = Omit<Commit, 'batch' | 'source' | 'specRevision' | 'taken'>

/** What a batch is whose bytes came before, under another name or at another time: all rows are known. */
export function duplicateOf({ receipt: { rowsIn } }: Commit): Contents {
  return { receipt: { ...NO_ROWS, rowsIn, duplicates: rowsIn }, from: null, to: null }
}

/** Keys of objects that are removed, or about to be. */
export type RemovedObjects = Readonly<Record<string, true>>

/** Whether contents name an object that is removed: then they must be stored again, under another name. */
export const namesRemoved = ({ partition, profile, quarantine }: Contents, removed: RemovedObjects): boolean =>
  [partition, profile, quarantine].some((ref) => ref !== undefined && removed[ref.uri] === true)

/** Whose rows are stored, and on whose behalf. The instance holds them in the table `checked`. */
export interface StoreRequest {
  readonly context: DataContext
  readonly duckDb: DuckDb
  readonly spec: ModelSpec
  readonly actor: string
  /** Whether a batch with too many broken rows is stopped. */
  readonly isGated: boolean
  /** Told each step in a word; may throw to stop. */
  readonly begin: (step: string) => void
}

/**
 * A way to store judged rows that may be used again, each time the log has moved: it does the work again only when other
 * partitions came that can hold the same keys, or when what it stored is removed.
 */
export function rowStore(
  request: StoreRequest,
  log: DatasetLog,
  judged: JudgedRows,
): (removed: RemovedObjects) => Promise<Contents> {
  let last: { readonly against: string; readonly contents: Contents } | undefined
  const lent = new Map<string, string>()
  const compared = async () => {
    const near = await partitionsToCompare(request.spec, log, judged)
    return { near, against: near.map(({ partition }) => partition.sha256).join() }
  }
  return async function storeRows(removed): Promise<Contents> {
    const { near, against } = await compared()
    if (last?.against === against && !namesRemoved(last.contents, removed)) return last.contents
    const earlier: string[] = []
    try {
      for (const { partition } of near) {
        const path = lent.get(partition.sha256) ?? (await lend(request, partition))
        lent.set(partition.sha256, path)
        earlier.push(path)
      }
    } catch (thrown) {
      // A person was erased from one of them at this moment: what is left of it is elsewhere.
      if (isRefitError(thrown, 'NotFound') && (await compared()).against !== against) return storeRows(removed)
      throw thrown
    }
    const { spec, isGated } = request
    const sorted = await sortRows(request.duckDb, { spec, judged, isGated, earlier })
    last = { against, contents: await store(request, sorted, removed) }
    return last.contents
  }
}

/** None for a spec without a key: then nothing but the rows themselves decides. */
async function partitionsToCompare(
  spec: ModelSpec,
  log: DatasetLog,
  { from, to }: JudgedRows,
): Promise<readonly SpannedPartition[]> {
  const key = keyRuleOf(spec)
  if (key === undefined || from === null || to === null) return []
  return partitionsNear(await partitionsOf(log), { from, to, windowDays: key.windowDays })
}

async function lend({ context, duckDb }: StoreRequest, partition: SpannedPartition['partition']): Promise<string> {
  return lendFile(duckDb, await verifiedFile(context.storage, partition), `${partition.sha256}.parquet`)
}

async function store(request: StoreRequest, sorted: SortedRows, removed: RemovedObjects): Promise<Contents> {
  const { keptFile, quarantineFile, ...rest } = sorted
  const { context, spec, begin } = request
  begin('storing')
  const isRemoved = (key: string) => removed[key] === true
  const put = (folder: 'partitions' | 'quarantine', path: string, rows: number) =>
    putFile(context.storage, datasetFolder(spec.model, folder), path, { extension: '.parquet', rows, isRemoved })
  const { kept, quarantined } = sorted.receipt
  const storePartition = (path: string) => put('partitions', path, kept)
  return {
    ...rest,
    ...(keptFile === undefined ? {} : await storeKept(request, keptFile, { storePartition, isRemoved })),
    ...(quarantineFile === undefined ? {} : { quarantine: await put('quarantine', quarantineFile, quarantined) }),
  }
}

/** Stores kept rows while they are counted: the one reads and digests, the other computes. Only one of them is at the store. */
async function storeKept(
  { context, duckDb, spec, actor, begin }: StoreRequest,
  file: string,
  to: { readonly storePartition: (path: string) => Promise<ObjectRef>; readonly isRemoved: (key: string) => boolean },
) {
  const bins = await requireBins(duckDb, { storage: context.storage, spec, file, actor })
  begin('profiling')
  const [partition, counted] = await both(to.storePartition(file), profilePartition(duckDb, { spec, file, bins }))
  const folder = datasetFolder(spec.model, 'profiles')
  return { partition, profile: await putJson(context.storage, folder, counted, { isRemoved: to.isRemoved }) }
}
