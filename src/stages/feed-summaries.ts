/** What lists show of the feeds of labels: read from their logs alone. */

import { openSnapshot } from '../data/dataset/snapshot.js'
import { waitingBatches } from '../data/quarantine/quarantine.js'
import { feedDataset, feedsOf } from '../spec/datasets.js'
import { type LabelKind, weightOf } from '../spec/label-feed.js'
import type { ModelSpec } from '../spec/spec.js'
import type { Ports } from './ports.js'

/** One feed in a list. */
export interface FeedSummary {
  readonly feed: string
  readonly kind: LabelKind
  readonly weight: number
  /** Batches that the source handed over. */
  readonly batches: number
  /** Answers that are kept. */
  readonly kept: number
  /** Answers that wait in quarantine, and batches that could not be read. */
  readonly quarantined: number
  readonly unreadable: number
  /** When the last answer became known, ISO 8601; null without any. */
  readonly lastAt: string | null
}

/** The feeds of a spec, in the order of their names. */
export async function readFeedSummaries(
  { data }: Pick<Ports, 'data'>,
  spec: ModelSpec,
): Promise<readonly FeedSummary[]> {
  const summaries: FeedSummary[] = []
  for (const [feed, settings] of feedsOf(spec)) {
    const { commits } = await openSnapshot(data, feedDataset(spec.model, feed))
    const waiting = waitingBatches(commits)
    summaries.push({
      ...{ feed, kind: settings.kind, weight: weightOf(settings) },
      batches: commits.filter(({ taken }) => taken === undefined).length,
      kept: commits.reduce((sum, { receipt }) => sum + receipt.kept, 0),
      quarantined: waiting.reduce((sum, { rows }) => sum + rows, 0),
      unreadable: waiting.filter(({ unreadable }) => unreadable !== null).length,
      lastAt:
        commits
          .flatMap(({ to }) => to ?? [])
          .sort()
          .at(-1) ?? null,
    })
  }
  return summaries
}
