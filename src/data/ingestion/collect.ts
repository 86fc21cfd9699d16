import type { Found, Known, Source, Stoppable } from '../../source/source.js'
import { committedBatches, datasetLog, knownOf } from '../dataset/dataset-log.js'
import type { DataContext } from '../engine/context.js'

/** What to look for, and where. */
export interface CollectRequest extends Stoppable {
  readonly dataset: string
  readonly from: Source
  readonly limit: number
  /** Paths of batches that could not be ingested in this run, and wait for the next one. */
  readonly failed?: readonly string[]
}

/** Names batches that arrived and were not committed, in order, at most `limit`. Rejects as the source does. */
export async function collectBatches(context: DataContext, request: CollectRequest): Promise<Found> {
  const { dataset, from, limit, failed, signal } = request
  return from.find(await sourceState(context, dataset, failed), { limit, signal })
}

/** What a source must know: of the commits of a dataset, and of what failed in this run. */
export async function sourceState(
  { storage }: DataContext,
  dataset: string,
  failed?: readonly string[],
): Promise<Known> {
  const { batches } = await committedBatches(datasetLog(storage, dataset))
  return knownOf(batches, failed)
}
