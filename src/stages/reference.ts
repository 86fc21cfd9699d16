/** The reference of a model: what its training rows, its scores and its performance were when it was examined. */
import type { LabelCount } from '../decisions/evidence-input.js'
import { measure } from '../decisions/goal-metric.js'
import type { GoalMetric } from '../spec/spec.js'
import type { Profile } from '../statistics/profile.js'
import { countScores, type ScoreCounts, scoreEdges } from '../statistics/score-bins.js'

/** What drift is measured against; frozen with the version. */
export interface Reference {
  /** Of the training rows. */
  readonly profile: Profile
  /** Of the candidate's scores on the holdout, which training never saw. */
  readonly scores: ScoreCounts
  /** Of the training rows: the few days of the holdout would take a busy week for a change of the world. */
  readonly labels: LabelCount
  readonly performance: { readonly metric: GoalMetric; readonly value: number; readonly rows: number } | null
}

/** Builds the reference of a candidate from what its examination read anyway. */
export function buildReference(examined: {
  readonly profile: Profile
  readonly scores: Float64Array
  readonly labels: Float64Array
  readonly metric: GoalMetric
  readonly threshold: number
}): Reference {
  const { profile, scores, labels, metric, threshold } = examined
  return {
    profile,
    scores: countScores(scores, scoreEdges(scores)),
    labels: profile.label,
    performance: performanceOf(metric, labels, { scores, threshold }),
  }
}

/** Null where the rows cannot be measured: one class only, or scores that are not numbers. */
function performanceOf(
  metric: GoalMetric,
  labels: Float64Array,
  contender: { readonly scores: Float64Array; readonly threshold: number },
): Reference['performance'] {
  try {
    const { value, rows } = measure(metric, labels, contender)
    return { metric, value, rows }
  } catch (thrown) {
    if (thrown instanceof RangeError) return null
    throw thrown
  }
}
