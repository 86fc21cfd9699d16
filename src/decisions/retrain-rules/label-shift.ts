import type { Evidence } from '../decision.js'
import { decimal, rows, share } from '../plain-numbers.js'
import { driftedShare, majorColumnsNow } from './feature-drift.js'
import type { Proposal, Rule } from './rule.js'

/** Standard errors that the positive share must have moved, so that few rows raise no alarm. */
const SHIFT_Z = 3
/** Share of drifted features from which the features, not the labels alone, have moved. */
const FEATURES_MOVED = 0.1

/** Positives became more or less frequent while the features stayed: the map from score to probability is refitted. */
export const labelShift: Rule = ({ evidence, policy }): Proposal | undefined => {
  const { label, features } = evidence
  if (label === null || label.rows < policy.minRows || label.reference === 0) return undefined
  const change = label.live / label.reference - 1
  const moved = driftedShare(majorColumnsNow(features), features)
  if (Math.abs(change) <= policy.labelShift || Math.abs(shiftZ(label)) <= SHIFT_Z || moved >= FEATURES_MOVED)
    return undefined
  const reason =
    `Positives went from ${share(label.reference)} to ${share(label.live)} of ${rows(label.rows)}, ` +
    `${decimal(Math.abs(change) * 100, 3)} % ${change > 0 ? 'more' : 'fewer'} where ${share(policy.labelShift)} counts, ` +
    `while ${share(moved)} of the features drifted.`
  return { verdict: 'partial', rule: 'labelShift', reasons: [reason], preferredWay: 'recalibrate' }
}

function shiftZ({ reference, referenceRows, live, rows: n }: NonNullable<Evidence['label']>): number {
  const pooled = (reference * referenceRows + live * n) / (referenceRows + n)
  return (live - reference) / Math.sqrt(pooled * (1 - pooled) * (1 / referenceRows + 1 / n))
}
