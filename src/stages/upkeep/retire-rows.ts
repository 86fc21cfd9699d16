/** Retention of a model's datasets: rows that are too old, and answers that are about such rows alone. */

import { DAY_MS } from '../../data/dataset/day.js'
import { isByDay } from '../../data/labels/answers.js'
import { firstKept, type Retired, retire } from '../../data/upkeep/retire.js'
import { RefitError } from '../../errors.js'
import { latestSpec } from '../../ledger/spec-revisions.js'
import { feedDataset, feedsOf } from '../../spec/datasets.js'
import type { ModelSpec } from '../../spec/spec.js'
import { knowledgeNow } from '../knowledge.js'
import type { Ports } from '../ports.js'

/** What is looked at, and on whose behalf. */
export interface RetireRowsRequest {
  readonly model: string
  /** The model's rows, or the answers of a feed. */
  readonly dataset: string
  readonly actor: string
  readonly why: string
  /** Plans only. */
  readonly isDry: boolean
}

/**
 * Drops the partitions of a dataset of which every row is older than the spec keeps rows. Answers are dropped once no row is kept
 * that they could belong to: a row must not change its label for its age. Rejects with `InvalidInput` when the spec keeps all.
 */
export async function retireRows(
  ports: Pick<Ports, 'storage' | 'data' | 'now'>,
  { model, dataset, ...by }: RetireRowsRequest,
): Promise<Retired> {
  const { spec } = await latestSpec(ports.storage, model)
  const { retentionDays } = spec.data
  if (retentionDays === undefined) {
    throw new RefitError(
      'InvalidInput',
      `Cannot retire rows of "${dataset}": its spec keeps all of them. Name data.retentionDays, and apply it.`,
    )
  }
  const { asOf, snapshot } = await knowledgeNow(ports, spec)
  const retention = { retentionDays, asOf }
  const keepFrom = dataset === model ? undefined : firstNeeded(spec, dataset, firstKept(snapshot.partitions, retention))
  return retire(ports.data, { dataset, ...retention, keepFrom, ...by })
}

/** From when on answers of a feed may belong to a row that is kept: they are known no sooner than their event happens. */
function firstNeeded(spec: ModelSpec, dataset: string, from: string | undefined): string | undefined {
  const byDay = feedsOf(spec).some(([name, feed]) => feedDataset(spec.model, name) === dataset && isByDay(feed))
  // Such an answer is known at the end of its day.
  return from === undefined || !byDay ? from : new Date(Date.parse(from) - DAY_MS).toISOString()
}
