/** What waits at the doors of datasets: pushes that no run has brought in yet, and rows in quarantine. */
import { sourceState } from '../data/ingestion/collect.js'
import { countQuarantine, type QuarantineCount } from '../data/quarantine/waiting.js'
import { latestSpec } from '../ledger/spec-revisions.js'
import type { Arrivals } from '../source/source.js'
import { feedSpec, feedsOf } from '../spec/datasets.js'
import type { SpecRevision } from '../spec/spec.js'
import type { Ports } from './ports.js'

/** What waits of one dataset. */
export interface DatasetWaiting {
  /** What is in the inbox and not in the dataset; null where the source keeps no inbox. */
  readonly pushes: Arrivals | null
  readonly quarantine: QuarantineCount
}

/** What waits of the answers of a feed of labels. */
export interface FeedWaiting extends DatasetWaiting {
  readonly feed: string
}

/** What waits of one model: of its rows, and of its feeds in the order of their names. */
export interface ModelWaiting extends DatasetWaiting {
  readonly feeds: readonly FeedWaiting[]
}

type WaitingPorts = Pick<Ports, 'storage' | 'data' | 'openSource'>

/** Counts what waits of a model. Reads little, however much there is. */
export async function readWaiting(ports: WaitingPorts, model: string): Promise<ModelWaiting> {
  const revision = await latestSpec(ports.storage, model)
  const { spec } = revision
  const feeds: FeedWaiting[] = []
  for (const [feed] of feedsOf(spec)) {
    feeds.push({ feed, ...(await waitingOf(ports, { ...revision, spec: feedSpec(spec, feed) })) })
  }
  return { ...(await waitingOf(ports, revision)), feeds }
}

async function waitingOf({ data, openSource }: WaitingPorts, revision: SpecRevision): Promise<DatasetWaiting> {
  const { model: dataset, data: rows } = revision.spec
  const quarantine = await countQuarantine(data, dataset)
  // Other sources have to be looked through, and may be far away.
  if (rows.source.kind !== 'push') return { pushes: null, quarantine }
  const waiting = await openSource(revision).waiting?.(await sourceState(data, dataset))
  return { pushes: waiting ?? null, quarantine }
}
