/** From judged rows to what a commit says of them: sorted, stored as objects, profiled. What is stored counts once a log entry names it. */
import type { ModelSpec } from '../spec/spec.js'
import type { Log } from '../storage/log.js'
import { putFile, putJson } from '../storage/objects.js'
import { requireBins } from './bins.js'
import { type Commit, NO_ROWS } from './commit.js'
import type { DataContext, DuckDb } from './context.js'
import { datasetFolder, partitionsOf, type SpannedPartition } from './dataset-log.js'
import { keyRuleOf, partitionsNear } from './key-repeats.js'
import { lendFile, verifiedFile } from './lend-file.js'
import { profilePartition } from './profile.js'
import { type SortedRows, sortRows } from './sort-rows.js'
import type { JudgedRows } from './validate-file.js'

/** Everything a commit says but which batch it is of, and where its rows come from. */
export type Contents = Omit<Commit, 'batch' | 'source' | 'specRevision' | 'taken'>

/** What a batch is whose bytes came before, under another name or at another time: all rows are known. */
export function duplicateOf({ receipt: { rowsIn } }: Commit): Contents {
  return { receipt: { ...NO_ROWS, rowsIn, duplicates: rowsIn }, from: null, to: null }
}

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
 * partitions came that can hold the same keys.
 */
export function rowStore(request: StoreRequest, log: Log<Commit>, judged: JudgedRows): () => Promise<Contents> {
  let last: { readonly against: string; readonly contents: Contents } | undefined
  const lent = new Map<string, string>()
  return async () => {
    const near = await partitionsToCompare(request.spec, log, judged)
    const against = near.map(({ partition }) => partition.sha256).join()
    if (last?.against === against) return last.contents
    const earlier: string[] = []
    for (const { partition } of near) {
      const path = lent.get(partition.sha256) ?? (await lend(request, partition))
      lent.set(partition.sha256, path)
      earlier.push(path)
    }
    const { spec, isGated } = request
    const sorted = await sortRows(request.duckDb, { spec, judged, isGated, earlier })
    last = { against, contents: await store(request, sorted) }
    return last.contents
  }
}

/** None for a spec without a key: then nothing but the rows themselves decides. */
async function partitionsToCompare(
  spec: ModelSpec,
  log: Log<Commit>,
  { from, to }: JudgedRows,
): Promise<readonly SpannedPartition[]> {
  const key = keyRuleOf(spec)
  if (key === undefined || from === null || to === null) return []
  return partitionsNear(await partitionsOf(log), { from, to, windowDays: key.windowDays })
}

async function lend({ context, duckDb }: StoreRequest, partition: SpannedPartition['partition']): Promise<string> {
  return lendFile(duckDb, await verifiedFile(context.storage, partition), `${partition.sha256}.parquet`)
}

async function store(request: StoreRequest, sorted: SortedRows): Promise<Contents> {
  const { keptFile, quarantineFile, ...rest } = sorted
  const { context, spec, begin } = request
  begin('storing')
  const put = (folder: 'partitions' | 'quarantine', path: string, rows: number) =>
    putFile(context.storage, datasetFolder(spec.model, folder), path, { extension: '.parquet', rows })
  const { kept, quarantined } = sorted.receipt
  return {
    ...rest,
    ...(keptFile === undefined
      ? {}
      : { partition: await put('partitions', keptFile, kept), profile: await storeProfile(request, keptFile) }),
    ...(quarantineFile === undefined ? {} : { quarantine: await put('quarantine', quarantineFile, quarantined) }),
  }
}

async function storeProfile({ context, duckDb, spec, actor, begin }: StoreRequest, file: string) {
  begin('profiling')
  const bins = await requireBins(duckDb, { storage: context.storage, spec, file, actor })
  const profile = await profilePartition(duckDb, { spec, file, bins })
  return putJson(context.storage, datasetFolder(spec.model, 'profiles'), profile)
}
