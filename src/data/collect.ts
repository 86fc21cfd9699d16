import type { Found, Source, Stoppable } from '../source/source.js'
import type { DataContext } from './context.js'
import { committedBatches, datasetLog, knownOf } from './dataset-log.js'

/** What to look for, and where. */
export interface CollectRequest extends Stoppable {
  readonly dataset: string
  readonly from: Source
  readonly limit: number
  /** Paths of batches that could not be ingested in this run, and wait for the next one. */
  readonly failed?: readonly string[]
}

/** Names batches that arrived and were not committed, in order, at most `limit`. Rejects as the source does. */
export async function collectBatches({ storage }: DataContext, request: CollectRequest): Promise<Found> {
  const { dataset, from, limit, failed, signal } = request
  const { batches } = await committedBatches(datasetLog(storage, dataset))
  return from.find(knownOf(batches, failed), { limit, signal })
}
