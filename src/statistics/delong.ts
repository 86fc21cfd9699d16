/** The variance of the AUC and of the difference of two AUCs on the same rows. */
import normalCdf from '@stdlib/stats-base-dists-normal-cdf'
import { at, sum } from './at.js'
import { classScores } from './class-scores.js'
import { placements } from './placement.js'

/** One AUC with its variance. */
export interface AucEstimate {
  readonly auc: number
  readonly variance: number
  readonly standardError: number
  readonly positives: number
  readonly negatives: number
}

/** Two AUCs on the same rows. */
export interface PairedAuc {
  readonly aucA: number
  readonly aucB: number
  readonly varianceA: number
  readonly varianceB: number
  readonly covariance: number
  /** AUC of A minus AUC of B. */
  readonly difference: number
  readonly standardError: number
  /** 0 when the difference has no variance. */
  readonly z: number
  /** Two-sided. */
  readonly pValue: number
}

/**
 * AUC with the variance of E. DeLong, D. DeLong and D. Clarke-Pearson, Biometrics 44 (1988). O(n log n), as X. Sun and
 * W. Xu (IEEE Signal Processing Letters 21, 2014) do it: a row's share of won pairs comes from its place among the sorted
 * scores of the other class, not from the n² pairs.
 *
 * @param labels 0 or 1 a row.
 * @throws RangeError when a class has no row, or a score is not finite. The variance is NaN with one row of a class.
 */
export function deLong(labels: ArrayLike<number>, scores: ArrayLike<number>): AucEstimate {
  const { auc, won, kept } = components(labels, scores)
  const variance = covariance(won, won) / won.length + covariance(kept, kept) / kept.length
  return { auc, variance, standardError: Math.sqrt(variance), positives: won.length, negatives: kept.length }
}

/** The same for two models on the same rows, with their covariance. See {@link deLong}. */
export function deLongPaired(
  labels: ArrayLike<number>,
  scoresA: ArrayLike<number>,
  scoresB: ArrayLike<number>,
): PairedAuc {
  const [a, b] = [components(labels, scoresA), components(labels, scoresB)]
  const term = (x: Components, y: Components) =>
    covariance(x.won, y.won) / x.won.length + covariance(x.kept, y.kept) / x.kept.length
  const [varianceA, varianceB, shared] = [term(a, a), term(b, b), term(a, b)]
  const difference = a.auc - b.auc
  // The three terms cancel for equal models; rounding must not leave a negative variance.
  const standardError = Math.sqrt(Math.max(0, varianceA + varianceB - 2 * shared))
  const z = standardError > 0 ? difference / standardError : 0
  const pValue = 2 * normalCdf(-Math.abs(z), 0, 1)
  return { aucA: a.auc, aucB: b.auc, varianceA, varianceB, covariance: shared, difference, standardError, z, pValue }
}

/** Structural components: how much each row adds to the AUC. */
interface Components {
  readonly auc: number
  /** A positive row: the share of negatives it is above. */
  readonly won: Float64Array
  /** A negative row: the share of positives it is below. */
  readonly kept: Float64Array
}

function components(labels: ArrayLike<number>, scores: ArrayLike<number>): Components {
  const { positives, negatives } = classScores(labels, scores)
  const won = placements(positives, negatives.slice().sort())
  const kept = placements(negatives, positives.slice().sort()).map((share) => 1 - share)
  return { auc: sum(won) / won.length, won, kept }
}

/** Sample covariance, divisor n − 1. */
function covariance(x: Float64Array, y: Float64Array): number {
  const [meanX, meanY] = [sum(x) / x.length, sum(y) / y.length]
  let total = 0
  for (let index = 0; index < x.length; index++) total += (at(x, index) - meanX) * (at(y, index) - meanY)
  return total / (x.length - 1)
}
