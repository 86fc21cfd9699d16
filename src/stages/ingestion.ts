/** What arrived comes in, batch by batch. */
import { collectBatches } from '../data/collect.js'
import type { BatchSource, PositionedCommit } from '../data/commit.js'
import { ingestBatch } from '../data/ingest.js'
import { openSnapshot } from '../data/snapshot.js'
import type { IngestedBatch } from '../decisions/run-record.js'
import { keepStage } from '../ledger/run-ledger.js'
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

type IngestPorts = Pick<Ports, 'storage' | 'data'>

/** Batches that arrived. */
export interface ArrivedPage {
  readonly sources: readonly BatchSource[]
  /** True when no others are waiting. */
  readonly isLast: boolean
}

/** Names the batches that arrived and were not committed yet, at most a page of them. */
export async function collect(
  { storage, data }: IngestPorts,
  input: RunAt & { readonly except: readonly string[] },
): Promise<ArrivedPage> {
  const { spec, folder } = (await openPlan(storage, input)).revision
  const found = await collectBatches(data, { spec, folder })
  const waiting = found.filter(({ path }) => !input.except.includes(path))
  return { sources: waiting.slice(0, PAGE), isLast: waiting.length <= PAGE }
}

/** Brings in one batch; doing it again changes nothing. */
export async function bringIn(
  { storage, data }: IngestPorts,
  at: RunAt & { readonly source: BatchSource },
  life: Life,
) {
  const { spec, folder, revision } = (await openPlan(storage, at)).revision
  const { seq, commit } = await ingestBatch(data, {
    spec,
    folder,
    specRevision: revision,
    source: at.source,
    actor: `run ${at.run}`,
    signal: life.signal,
    progress: life.show,
  })
  return { commit: seq, receipt: commit.receipt }
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
  const parts = [
    commits.length === 1 ? '1 batch' : `${commits.length} batches`,
    `${sum('rowsIn')} rows in`,
    `${sum('kept')} kept`,
    `${sum('quarantined')} quarantined`,
    ...(sum('duplicates') > 0 ? [`${sum('duplicates')} duplicates`] : []),
    ...(unreadable > 0 ? [`${unreadable} unreadable batches in quarantine`] : []),
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
