/** Average precision, and what each row contributes to it. */
import { at } from './at.js'
import { classScores } from './class-scores.js'
import { firstNotBelow } from './placement.js'

/**
 * Average precision: Σ (recall gained) · (precision) over the distinct scores from the highest down, as in scikit-learn
 * (no interpolation). The share of positives for random scores, 1 for a perfect ranking.
 *
 * @param labels 0 or 1 a row.
 * @throws RangeError when a class has no row, or a score is not finite.
 */
export function averagePrecision(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  return areaOf(curveOf(labels, scores))
}

/**
 * Pseudo-values of average precision: their mean is the metric, the variance of their mean its variance (infinitesimal
 * jackknife), and row-wise differences of two models give the variance of the difference. O(n log n), nothing random.
 *
 * Source: the influence function of AP = ∫ precision(t) dF₁(t), derived for Refit by B. Efron's method (Biometrika 68,
 * 1981): with share of positives π, flagged share N(t) and precision p(t), a row (y, s) has
 * y/π · (p(s) − AP) + 1/π · ∫_{t ≤ s} (y − p(t)) / N(t) dP(Y = 1, t).
 */
export function averagePrecisionContributions(labels: ArrayLike<number>, scores: ArrayLike<number>): Float64Array {
  const curve = curveOf(labels, scores)
  const { scores: distinct, gained, flagged, found, positives, rows } = curve
  const value = areaOf(curve)
  const ofPositive = new Float64Array(distinct.length)
  const ofNegative = new Float64Array(distinct.length)
  // From the lowest score up: the two integrals over t ≤ s, in shares of all rows.
  let [all, precise] = [0, 0]
  for (let step = 0; step < distinct.length; step++) {
    const precision = at(found, step) / at(flagged, step)
    const rise = at(gained, step) / at(flagged, step)
    all += rise
    precise += rise * precision
    ofPositive[step] = value + ((precision - value + all - precise) * rows) / positives
    ofNegative[step] = value - (precise * rows) / positives
  }
  return Float64Array.from({ length: rows }, (_, row) =>
    at(labels[row] === 1 ? ofPositive : ofNegative, firstNotBelow(distinct, at(scores, row))),
  )
}

/** What is true when all rows down to a score are flagged, for each distinct score in ascending order. */
interface Curve {
  readonly scores: Float64Array
  /** Positives of just this score. */
  readonly gained: Uint32Array
  /** Rows with this score or a higher one, and the positives among them. */
  readonly flagged: Uint32Array
  readonly found: Uint32Array
  readonly positives: number
  readonly rows: number
}

function areaOf({ gained, found, flagged, positives }: Curve): number {
  let value = 0
  for (let step = 0; step < gained.length; step++) {
    value += (at(gained, step) / positives) * (at(found, step) / at(flagged, step))
  }
  return value
}

/** Sorts plain numbers, not rows: several times faster than sorting row numbers by their scores. */
function curveOf(labels: ArrayLike<number>, scores: ArrayLike<number>): Curve {
  const positives = classScores(labels, scores).positives.slice().sort()
  const all = Float64Array.from(scores).sort()
  const distinct = all.filter((score, rank) => score !== all[rank - 1])
  const gained = new Uint32Array(distinct.length)
  const flagged = new Uint32Array(distinct.length)
  const found = new Uint32Array(distinct.length)
  let [rank, positiveRank] = [0, 0]
  for (const [step, score] of distinct.entries()) {
    flagged[step] = all.length - rank
    found[step] = positives.length - positiveRank
    while (all[rank] === score) rank++
    while (positives[positiveRank] === score) positiveRank++
    gained[step] = at(found, step) - (positives.length - positiveRank)
  }
  return { scores: distinct, gained, flagged, found, positives: positives.length, rows: all.length }
}
