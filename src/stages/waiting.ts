/** What waits at the doors of a dataset: pushes that no run has brought in yet, and rows in quarantine. */
import { sourceState } from '../data/ingestion/collect.js'
import { countQuarantine, type QuarantineCount } from '../data/quarantine/waiting.js'
import { latestSpec } from '../ledger/spec-revisions.js'
import type { Arrivals } from '../source/source.js'
import type { Ports } from './ports.js'

/** What waits of one model. */
export interface ModelWaiting {
  /** What is in the inbox and not in the dataset; null where the source keeps no inbox. */
  readonly pushes: Arrivals | null
  readonly quarantine: QuarantineCount
}

/** Counts what waits of a model. Reads little, however much there is. */
export async function readWaiting(
  { storage, data, openSource }: Pick<Ports, 'storage' | 'data' | 'openSource'>,
  model: string,
): Promise<ModelWaiting> {
  const revision = await latestSpec(storage, model)
  const quarantine = await countQuarantine(data, model)
  // Other sources have to be looked through, and may be far away.
  if (revision.spec.data.source.kind !== 'push') return { pushes: null, quarantine }
  const waiting = await openSource(revision).waiting?.(await sourceState(data, model))
  return { pushes: waiting ?? null, quarantine }
}
