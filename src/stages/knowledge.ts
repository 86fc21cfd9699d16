import type { Snapshot } from '../data/dataset/commit.js'
import { openSnapshot } from '../data/dataset/snapshot.js'
import { type FeedPositions, feedPositions, latestAnswer } from '../data/labels/answers.js'
import type { ModelSpec } from '../spec/spec.js'
import { nowBy } from './decide.js'
import type { Ports } from './ports.js'

/** What has arrived of a model. */
export interface Knowledge {
  readonly snapshot: Snapshot
  readonly answers: FeedPositions
  /** Event time that counts as now, by the clock of the spec; ISO 8601. */
  readonly asOf: string
}

/** What has arrived by now. */
export async function knowledgeNow({ data, now }: Pick<Ports, 'data' | 'now'>, spec: ModelSpec): Promise<Knowledge> {
  const snapshot = await openSnapshot(data, spec.model)
  const answers = await feedPositions(data, spec)
  return { snapshot, answers, asOf: nowBy(spec, snapshot, now(), await latestAnswer(data, spec, answers)) }
}
