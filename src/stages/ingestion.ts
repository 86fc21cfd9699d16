/** What arrived comes in, batch by batch. */

import type { PositionedCommit } from '../data/dataset/commit.js'
import { openSnapshot } from '../data/dataset/snapshot.js'
import { collectBatches } from '../data/ingestion/collect.js'
import { ingestBatch } from '../data/ingestion/ingest.js'
import { type FeedPositions, feedPositions } from '../data/labels/answers.js'
import { count, counted, rows } from '../decisions/plain-numbers.js'
import type { IngestedBatch } from '../decisions/run-record.js'
import { RefitError } from '../errors.js'
import { keepStage } from '../ledger/run-ledger.js'
import type { NumberedRevision } from '../ledger/spec-revisions.js'
import type { BatchSource, Found } from '../source/source.js'
import { datasetSpec, datasetSpecs, feedDataset, feedsOf } from '../spec/datasets.js'
import type { ModelSpec } from '../spec/spec.js'
import type { Life, Ports, RunAt } from './ports.js'
import { openPlan } from './run-plan.js'

/** Batches that one page names: some 600 events of a history, and far fewer activities than Temporal lets wait at once. */
export const PAGE = 100
/** Size of their descriptions: with all else they stay below the 64 KB of a payload, however long their paths are. */
const MOST_PAGE_BYTES = 48_000
/** After so many attempts an arrival that is gone, or changes while it is read, is left for the next run. */
const MOST_READS = 5
/** Batches that a sentence names. */
const MOST_NAMED = 5

/** What the ingestion of a run brought in. */
export interface IngestSummary {
  readonly text: string
  /** Position of the dataset's log after it: the snapshot that the run works on. */
  readonly snapshot: number
  readonly batches: readonly IngestedBatch[]
  /** Positions of the feeds' logs after it, for a spec with feeds: answers up to there are known to the run. */
  readonly answers?: FeedPositions
}

/** A batch that arrived, and the dataset that it belongs to; that of the model's rows unless given. */
export interface Arrival extends BatchSource {
  readonly dataset?: string
}

/** Arrivals that are not known, in order. `isLast` is false when others wait. */
export interface Collected {
  readonly batches: readonly Arrival[]
  readonly isLast: boolean
}

type IngestPorts = Pick<Ports, 'storage' | 'data' | 'openSource'>

/**
 * Names the batches of rows, and of answers by the feeds, that arrived and were not committed yet: at most a page of them, one
 * that fits into a payload.
 */
export async function collect(
  ports: CollectPorts,
  at: RunAt & { readonly failed: readonly string[] },
  life: Life,
): Promise<Collected> {
  const { revision } = await openPlan(ports.storage, at)
  const batches: Arrival[] = []
  for (const spec of datasetSpecs(revision.spec)) {
    const isOfModel = spec.model === at.model
    const look = { limit: PAGE - batches.length, failed: failedOf(spec.model, isOfModel, at.failed), life }
    const found = await collectOf(ports, { ...revision, spec }, look)
    batches.push(...found.batches.map((batch) => (isOfModel ? batch : { ...batch, dataset: spec.model })))
    if (!found.isLast || batches.length >= PAGE) return fitting({ batches, isLast: false })
  }
  return fitting({ batches, isLast: true })
}

/** Of the failed batches those of a dataset, by their paths: those of a feed are named with it. */
function failedOf(dataset: string, isOfModel: boolean, failed: readonly string[]): readonly string[] {
  const prefix = `${dataset}: `
  return isOfModel ? failed : failed.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []))
}

type CollectPorts = IngestPorts & Pick<Ports, 'drainSpool'>

async function collectOf(
  { data, openSource, drainSpool }: CollectPorts,
  revision: NumberedRevision,
  { limit, failed, life: { signal, show } }: { limit: number; failed: readonly string[]; life: Life },
): Promise<Found> {
  const dataset = revision.spec.model
  // What still waits in the spool afterwards comes with a later run: a spool that fails must not hold up this one.
  const { stopped } = await drainSpool(dataset, signal)
  if (stopped !== undefined) show(`the spool is not drained: ${stopped}`)
  return collectBatches(data, { dataset, from: openSource(revision), limit, failed, signal })
}

/** The first arrivals, as many as fit into a payload, and one at least. */
function fitting({ batches, isLast }: Collected): Collected {
  let bytes = 0
  const tooLong = batches.findIndex((batch, index) => {
    bytes += Buffer.byteLength(JSON.stringify(batch)) + 1
    return index > 0 && bytes > MOST_PAGE_BYTES
  })
  return tooLong === -1 ? { batches, isLast } : { batches: batches.slice(0, tooLong), isLast: false }
}

/** Brings in one batch; doing it again changes nothing. */
export async function bringIn(
  { storage, data, openSource }: IngestPorts,
  at: RunAt & { readonly source: Arrival },
  { signal, show, attempt }: Life,
) {
  const { revision } = await openPlan(storage, at)
  const { dataset = at.model, ...source } = at.source
  const spec = datasetSpec(revision.spec, dataset)
  const ingested = await ingestBatch(data, {
    spec,
    specRevision: revision.revision,
    from: openSource({ ...revision, spec }),
    source,
    actor: `run ${at.run}`,
    signal,
    progress: show,
  }).catch((thrown: unknown) => {
    throw attempt < MOST_READS ? thrown : leftForLater(thrown)
  })
  return { commit: ingested?.seq ?? null }
}

/** One file that was deleted after it was found must not hold up a run for ever. */
function leftForLater(thrown: unknown): unknown {
  if (!(thrown instanceof RefitError) || thrown.code !== 'UnreadableSource') return thrown
  return new RefitError('UnreadableSource', thrown.message, { permanent: true, cause: thrown })
}

/** Fixes the snapshot that the run works on, and adds up what it brought in, and what is left for the next run. */
export async function sumUpIngest(
  { storage, data }: IngestPorts,
  { model, run, left = [] }: RunAt & { readonly left?: readonly string[] },
): Promise<IngestSummary> {
  return keepStage(storage, { model, run, stage: 'ingest' }, async () => {
    const { spec } = (await openPlan(storage, { model, run })).revision
    const snapshot = await openSnapshot(data, model)
    const mine = snapshot.commits.filter(({ ingestedBy }) => ingestedBy === `run ${run}`)
    const text = textOf(mine, left).join(', ')
    const done = { snapshot: snapshot.seq, batches: mine.map(asBatch) }
    if (feedsOf(spec).length === 0) return { text, ...done }
    const answers = await feedPositions(data, spec)
    return { text: [text, ...(await answerTexts(data, { spec, run, answers }))].join('; '), ...done, answers }
  })
}

/** What came by each feed from which something came. */
async function answerTexts(
  data: Ports['data'],
  { spec, run, answers }: { readonly spec: ModelSpec; readonly run: number; readonly answers: FeedPositions },
): Promise<readonly string[]> {
  const texts: string[] = []
  for (const [feed] of feedsOf(spec)) {
    const { commits } = await openSnapshot(data, feedDataset(spec.model, feed), answers[feed] ?? 0)
    const mine = commits.filter(({ ingestedBy }) => ingestedBy === `run ${run}`)
    if (mine.length > 0) texts.push(`answers of ${feed}: ${textOf(mine, []).join(', ')}`)
  }
  return texts
}

function textOf(commits: readonly PositionedCommit[], left: readonly string[]): readonly string[] {
  const notIn = left.length === 0 ? [] : [`${countOf(left)} left for the next run: ${named(left)}`]
  if (commits.length === 0) return left.length === 0 ? ['nothing new arrived'] : notIn
  const sum = (part: 'rowsIn' | 'kept' | 'quarantined' | 'duplicates') =>
    commits.reduce((total, { receipt }) => total + receipt[part], 0)
  const unreadable = commits.filter(({ receipt }) => receipt.unreadable !== undefined).length
  const stopped = commits.filter(({ receipt }) => receipt.stopped !== undefined).map(({ source }) => source.path)
  return [
    countOf(commits),
    `${rows(sum('rowsIn'))} in`,
    `${count(sum('kept'))} kept`,
    `${count(sum('quarantined'))} quarantined`,
    ...(sum('duplicates') > 0 ? [counted(sum('duplicates'), 'duplicate')] : []),
    ...(unreadable > 0 ? [`${counted(unreadable, 'unreadable batch', 'unreadable batches')} in quarantine`] : []),
    ...(stopped.length > 0 ? [`stopped with too many broken rows: ${named(stopped)}`] : []),
    ...notIn,
  ]
}

const countOf = ({ length }: readonly unknown[]): string => counted(length, 'batch', 'batches')

/** The first paths: a sentence, and the history that holds it, must not grow with what arrived. */
function named(paths: readonly string[]): string {
  const some = paths.slice(0, MOST_NAMED).join(', ')
  return paths.length > MOST_NAMED ? `${some} and ${count(paths.length - MOST_NAMED)} more` : some
}

const asBatch = ({ seq, source, receipt }: PositionedCommit): IngestedBatch => ({
  path: source.path,
  commit: seq,
  rowsIn: receipt.rowsIn,
  kept: receipt.kept,
  quarantined: receipt.quarantined,
  duplicates: receipt.duplicates,
  reasons: receipt.reasons,
  unreadable: receipt.unreadable ?? null,
})
