/**
 * One batch comes in. What must always be true:
 *
 * 1. Objects first, then the log entry, which alone decides; what no entry names is rubbish and harms nobody.
 * 2. Every row that was counted in the source is kept, in quarantine, or a duplicate; a batch that cannot be read goes to
 *    quarantine whole, as the bytes that came.
 * 3. A batch of an ordered source is committed only where the source stands: one commit for each place.
 * 4. The judgement (new or duplicate) and the entry belong together: when another batch was committed in between, it is
 *    judged again.
 */
import { extname, join } from 'node:path'
import { messageOf, RefitError } from '../errors.js'
import { arrivalKey, type BatchSource, type Source } from '../source/source.js'
import type { ModelSpec } from '../spec/spec.js'
import type { Log } from '../storage/log.js'
import { putFile, putJson } from '../storage/objects.js'
import { batchFormat, EXTENSIONS } from './batch-format.js'
import { requireBins } from './bins.js'
import type { Commit } from './commit.js'
import { type DataContext, type DuckDb, withDuckDb } from './context.js'
import { commitId, committedBatches, datasetFolder, datasetLog } from './dataset-log.js'
import { profilePartition } from './profile.js'
import { type ValidatedFile, validateFile } from './validate-file.js'

/** What to ingest, by which spec, and on whose behalf. */
export interface IngestRequest {
  readonly spec: ModelSpec
  readonly specRevision: number
  /** Who named the batch, and has its bytes. */
  readonly from: Source
  readonly source: BatchSource
  readonly actor: string
  readonly signal?: AbortSignal
  /** Told each step in a word or two. */
  readonly progress?: (step: string) => void
}

/** The commit of a batch, and its position. */
export interface IngestedBatch {
  readonly seq: number
  readonly commit: Commit
  /** True when an earlier call had committed the batch: this one changed nothing. */
  readonly alreadyCommitted: boolean
}

/**
 * Ingests a batch; doing it again changes nothing. `undefined` when an ordered source had nothing there after all. Rejects as
 * the source does, with `InvalidSpec` when the spec's SQL cannot be used, with `Cancelled` when aborted.
 */
export async function ingestBatch(context: DataContext, request: IngestRequest): Promise<IngestedBatch | undefined> {
  const { spec, from, source, signal } = request
  const log = datasetLog(context.storage, spec.model)
  const known = (await committedBatches(log)).batches.arrivals[arrivalKey(source)]
  if (known !== undefined) return { ...(await commitAt(log, known)), alreadyCommitted: true }
  return withDuckDb(context, { readable: [], signal }, async (duckDb) => {
    begin(request, 'copying')
    const path = join(duckDb.folder, 'source')
    const fetched = await from.fetch(source, path, { signal })
    if (fetched === undefined) return undefined
    // The batch as it was read, should it have changed since it was found.
    return commitBatch(log, { ...request, source: fetched.batch, sha256: fetched.sha256, path, context, duckDb })
  })
}

/** Tells the step, unless the caller wants no more: an interrupt only reaches a query that is running. */
function begin({ signal, progress }: IngestRequest, step: string): void {
  progress?.(step)
  signal?.throwIfAborted()
}

interface Ingestion extends IngestRequest {
  readonly context: DataContext
  readonly duckDb: DuckDb
  /** The bytes of the batch, in scratch. */
  readonly path: string
  readonly sha256: string
}

/** Everything a commit says but which batch it is of. */
type Contents = Omit<Commit, 'batch' | 'source' | 'specRevision'>

async function commitBatch(log: Log<Commit>, ingestion: Ingestion): Promise<IngestedBatch> {
  const { specRevision, actor, source, sha256: batch } = ingestion
  let fresh: Contents | undefined
  for (;;) {
    const { batches, seq: expectedSeq } = await committedBatches(log)
    const known = batches.arrivals[arrivalKey(source)]
    if (known !== undefined) return { ...(await commitAt(log, known)), alreadyCommitted: true }
    requirePlace(source, batches.cursors)
    // What a cursor promises to be new is new, though other rows were the same.
    const earlier = source.place === undefined ? batches.contents[batch] : undefined
    if (earlier === undefined) fresh ??= await readContents(ingestion)
    const contents = earlier === undefined ? fresh : duplicateOf((await commitAt(log, earlier)).commit)
    if (contents === undefined) continue
    begin(ingestion, 'committing')
    const body: Commit = { batch, source, specRevision, ...contents }
    const result = await log.append({ id: commitId(batch, source), actor, body, expectedSeq })
    if (result.kind === 'stale') continue
    const { seq, body: commit } = result.entry
    return { seq, commit, alreadyCommitted: result.kind === 'known' }
  }
}

/** Rows before the cursor are there already, rows beyond a gap would hide what is in it. */
function requirePlace({ path, place }: BatchSource, cursors: Readonly<Record<string, string>>): void {
  if (place === undefined || place.after === (cursors[place.origin] ?? '')) return
  const stands = cursors[place.origin] ?? 'its beginning'
  throw new RefitError(
    'Conflict',
    `Cannot commit batch "${path}": it begins after ${place.after || 'the beginning'}, but the source stands at ${stands}. Collect again.`,
  )
}

async function commitAt(log: Log<Commit>, seq: number): Promise<{ seq: number; commit: Commit }> {
  const entry = await log.at(seq)
  if (entry !== undefined) return { seq, commit: entry.body }
  throw new RefitError(
    'StoreCorrupt',
    `Cannot read commit ${seq}: the log has no such entry. Restore it from a backup.`,
  )
}

/** The same bytes came before, under another name or at another time: all rows are known. */
function duplicateOf({ receipt }: Commit): Contents {
  const { rowsIn } = receipt
  return { receipt: { rowsIn, kept: 0, quarantined: 0, duplicates: rowsIn, reasons: {} }, from: null, to: null }
}

async function readContents(ingestion: Ingestion): Promise<Contents> {
  const { duckDb, spec, path, source, signal } = ingestion
  const format = batchFormat(source)
  if (format === undefined) return keepUnreadable(ingestion, `its name has none of the known endings: ${EXTENSIONS}`)
  let validated: ValidatedFile
  try {
    begin(ingestion, 'validating')
    validated = await validateFile(duckDb, { spec, path, format, signal })
  } catch (thrown) {
    if (!(thrown instanceof RefitError) || thrown.code !== 'UnreadableSource') throw thrown
    return keepUnreadable(ingestion, messageOf(thrown))
  }
  return keepRows(ingestion, validated)
}

/** The batch blocks nobody: it is committed with no rows, and its bytes are kept. */
async function keepUnreadable(ingestion: Ingestion, reason: string): Promise<Contents> {
  const { context, spec, path, source } = ingestion
  const folder = datasetFolder(spec.model, 'quarantine')
  // The object's name keeps the ending of the source, so that a person can open it; anything odd becomes `.bin`.
  const ending = extname(source.path).toLowerCase()
  const extension = /^\.[a-z0-9]{1,16}$/.test(ending) ? ending : '.bin'
  const quarantine = await putFile(context.storage, folder, path, { extension })
  const unreadable = `${source.path}: ${reason}`
  return {
    receipt: { rowsIn: 0, kept: 0, quarantined: 0, duplicates: 0, reasons: {}, unreadable },
    quarantine,
    from: null,
    to: null,
  }
}

async function keepRows(ingestion: Ingestion, validated: ValidatedFile): Promise<Contents> {
  const { context, spec } = ingestion
  const { rowsIn, kept, quarantined, reasons, from, to, keptFile, quarantineFile } = validated
  begin(ingestion, 'storing')
  const put = (folder: 'partitions' | 'quarantine', path: string, rows: number) =>
    putFile(context.storage, datasetFolder(spec.model, folder), path, { extension: '.parquet', rows })
  return {
    receipt: { rowsIn, kept, quarantined, duplicates: 0, reasons },
    ...(keptFile === undefined
      ? {}
      : { partition: await put('partitions', keptFile, kept), profile: await keepProfile(ingestion, keptFile) }),
    ...(quarantineFile === undefined ? {} : { quarantine: await put('quarantine', quarantineFile, quarantined) }),
    from,
    to,
  }
}

async function keepProfile(ingestion: Ingestion, file: string) {
  const { context, duckDb, spec, actor } = ingestion
  begin(ingestion, 'profiling')
  const bins = await requireBins(duckDb, { storage: context.storage, spec, file, actor })
  const profile = await profilePartition(duckDb, { spec, file, bins })
  return putJson(context.storage, datasetFolder(spec.model, 'profiles'), profile)
}
