/**
 * One batch comes in. What must always be true:
 *
 * 1. Objects first, then the log entry, which alone decides; what no entry names is rubbish and harms nobody.
 * 2. Every row that was counted in the source is kept, in quarantine, or a duplicate; a batch that cannot be read goes to
 *    quarantine whole, as the bytes that came, and so does one of which too much is broken.
 * 3. A batch of an ordered source is committed only where the source stands: one commit for each place.
 * 4. The judgement (new or duplicate) and the entry belong together: when another batch was committed in between, it is
 *    judged again.
 */
import { extname, join } from 'node:path'
import { isRefitError, messageOf, RefitError } from '../../errors.js'
import { arrivalKey, type BatchSource, type Source } from '../../source/source.js'
import type { ModelSpec } from '../../spec/spec.js'
import { putFile } from '../../storage/objects.js'
import { type Commit, NO_ROWS } from '../dataset/commit.js'
import type { DatasetLog } from '../dataset/dataset-entry.js'
import { commitAt, commitId, commitIn, committedBatches, datasetFolder, datasetLog } from '../dataset/dataset-log.js'
import { type DataContext, type DuckDb, withDuckDb } from '../engine/context.js'
import { batchFormat, EXTENSIONS } from '../format/batch-format.js'
import { type Contents, duplicateOf, namesRemoved, type RemovedObjects, rowStore } from './store-rows.js'
import { validateFile } from './validate-file.js'

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

async function commitBatch(log: DatasetLog, ingestion: Ingestion): Promise<IngestedBatch> {
  const { specRevision, actor, source, sha256: batch } = ingestion
  let judge: ((removed: RemovedObjects) => Promise<Contents>) | undefined
  for (;;) {
    const { batches, seq: expectedSeq } = await committedBatches(log)
    const known = batches.arrivals[arrivalKey(source)]
    if (known !== undefined) return { ...(await commitAt(log, known)), alreadyCommitted: true }
    requirePlace(source, batches.cursors)
    // What a cursor promises to be new is new, though other rows were the same.
    const earlier = source.place === undefined ? batches.contents[batch] : undefined
    if (earlier === undefined) judge ??= await readContents(log, ingestion)
    const contents =
      earlier === undefined ? await judge?.(batches.removed) : duplicateOf((await commitAt(log, earlier)).commit)
    if (contents === undefined) continue
    begin(ingestion, 'committing')
    const body: Commit = { batch, source, specRevision, ...contents }
    const result = await log.append({ id: commitId(batch, source), actor, body, expectedSeq })
    if (result.kind === 'stale') continue
    return { ...commitIn(result.entry), alreadyCommitted: result.kind === 'known' }
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

/** Reads the batch once. What it gives is asked again when the log has moved meanwhile. */
async function readContents(
  log: DatasetLog,
  ingestion: Ingestion,
): Promise<(removed: RemovedObjects) => Promise<Contents>> {
  const { duckDb, spec, path, source, signal } = ingestion
  const unreadable = (reason: string) => {
    let contents: Contents | undefined
    return async (removed: RemovedObjects) => {
      if (contents === undefined || namesRemoved(contents, removed)) {
        contents = await keepUnreadable(ingestion, reason, removed)
      }
      return contents
    }
  }
  const format = batchFormat(source)
  if (format === undefined) return unreadable(`its name has none of the known endings: ${EXTENSIONS}`)
  try {
    begin(ingestion, 'validating')
    const judged = await validateFile(duckDb, { spec, path, format, signal })
    const request = { ...ingestion, isGated: true, begin: (step: string) => begin(ingestion, step) }
    return rowStore(request, log, judged)
  } catch (thrown) {
    if (!isRefitError(thrown, 'UnreadableSource')) throw thrown
    return unreadable(messageOf(thrown))
  }
}

/** The batch blocks nobody: it is committed with no rows, and its bytes are kept. */
async function keepUnreadable(ingestion: Ingestion, reason: string, removed: RemovedObjects): Promise<Contents> {
  const { context, spec, path, source } = ingestion
  const folder = datasetFolder(spec.model, 'quarantine')
  // The object's name keeps the ending of the source, so that a person can open it; anything odd becomes `.bin`.
  const ending = extname(source.path).toLowerCase()
  const extension = /^\.[a-z0-9]{1,16}$/.test(ending) ? ending : '.bin'
  const isRemoved = (key: string) => removed[key] === true
  const quarantine = await putFile(context.storage, folder, path, { extension, isRemoved })
  return { receipt: { ...NO_ROWS, unreadable: `${source.path}: ${reason}` }, quarantine, from: null, to: null }
}
