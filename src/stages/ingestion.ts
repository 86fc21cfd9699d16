/** What arrived comes in, batch by batch. */
import { collectBatches } from '../data/collect.js'
import type { PositionedCommit } from '../data/commit.js'
import { ingestBatch } from '../data/ingest.js'
import { openSnapshot } from '../data/snapshot.js'
import type { IngestedBatch } from '../decisions/run-record.js'
import { keepStage } from '../ledger/run-ledger.js'
import type { BatchSource, Found } from '../source/source.js'
import type { Life, Ports, RunAt } from './ports.js'
import { openPlan } from './run-plan.js'

/** Batches that one page names: their descriptions stay far below the payload limit of 64 KB. */
const PAGE = 100

/** What the ingestion of a run brought in. */
export interface IngestSummary {
  readonly text: string
  /** Position of the dataset's log after it: the snapshot that the run works on. */
  readonly snapshot: number
  readonly batches: readonly IngestedBatch[]
}

type IngestPorts = Pick<Ports, 'storage' | 'data' | 'openSource'>

/** Names the batches that arrived and were not committed yet, at most a page of them. */
export async function collect(
  { storage, data, openSource, drainSpool }: IngestPorts & Pick<Ports, 'drainSpool'>,
  at: RunAt & { readonly failed: readonly string[] },
  { signal, show }: Life,
): Promise<Found> {
  // What still waits in the spool afterwards comes with a later run: a spool that fails must not hold up this one.
  const { stopped } = await drainSpool(at.model, signal)
  if (stopped !== undefined) show(`the spool is not drained: ${stopped}`)
  const { revision } = await openPlan(storage, at)
  const from = openSource(revision)
  return collectBatches(data, { dataset: at.model, from, limit: PAGE, failed: at.failed, signal })
}

/** Brings in one batch; doing it again changes nothing. */
export async function bringIn(
  { storage, data, openSource }: IngestPorts,
  at: RunAt & { readonly source: BatchSource },
  { signal, show }: Life,
) {
  const { revision } = await openPlan(storage, at)
  const ingested = await ingestBatch(data, {
    spec: revision.spec,
    specRevision: revision.revision,
    from: openSource(revision),
    source: at.source,
    actor: `run ${at.run}`,
    signal,
    progress: show,
  })
  return { commit: ingested?.seq ?? null }
}

/** Fixes the snapshot that the run works on, and adds up what it brought in. */
export async function sumUpIngest({ storage, data }: IngestPorts, { model, run }: RunAt): Promise<IngestSummary> {
  return keepStage(storage, { model, run, stage: 'ingest' }, async () => {
    const snapshot = await openSnapshot(data, model)
    const mine = snapshot.commits.filter(({ ingestedBy }) => ingestedBy === `run ${run}`)
    return { text: textOf(mine), snapshot: snapshot.seq, batches: mine.map(asBatch) }
  })
}

function textOf(commits: readonly PositionedCommit[]): string {
  if (commits.length === 0) return 'nothing new arrived'
  const sum = (part: 'rowsIn' | 'kept' | 'quarantined' | 'duplicates') =>
    commits.reduce((total, { receipt }) => total + receipt[part], 0)
  const unreadable = commits.filter(({ receipt }) => receipt.unreadable !== undefined).length
  const stopped = commits.filter(({ receipt }) => receipt.stopped !== undefined).map(({ source }) => source.path)
  const parts = [
    commits.length === 1 ? '1 batch' : `${commits.length} batches`,
    `${sum('rowsIn')} rows in`,
    `${sum('kept')} kept`,
    `${sum('quarantined')} quarantined`,
    ...(sum('duplicates') > 0 ? [`${sum('duplicates')} duplicates`] : []),
    ...(unreadable > 0 ? [`${unreadable} unreadable batches in quarantine`] : []),
    ...(stopped.length > 0 ? [`stopped with too many broken rows: ${stopped.join(', ')}`] : []),
  ]
  return parts.join(', ')
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
