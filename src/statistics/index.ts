/**
 * Refit's statistics: pure functions on plain numbers, without I/O, clock or unseeded randomness.
 *
 * Has a feature moved further than chance explains? Counts of the same bins, then and now:
 *
 * ```js
 * import { ok } from 'node:assert/strict'
 * import { populationStabilityIndex, psiNoiseLimit } from 'refit/statistics'
 *
 * const [reference, live] = [[4000, 6000], [200, 800]] // 40/60 then, 20/80 now
 * const psi = populationStabilityIndex(reference, live)
 * ok(Math.abs(psi - 0.1955) < 0.0001)
 * ok(psi > psiNoiseLimit({ bins: 2, referenceRows: 10_000, liveRows: 1_000 }, 0.01))
 * ```
 *
 * Is one model better than another on the same rows? DeLong's paired comparison:
 *
 * ```js
 * import { equal, ok } from 'node:assert/strict'
 * import { auc, deLongPaired } from 'refit/statistics'
 *
 * const labels = [0, 0, 1, 1]
 * const [one, other] = [[0.1, 0.4, 0.35, 0.8], [0.1, 0.3, 0.35, 0.8]]
 * equal(auc(labels, one), 0.75)
 * ok(deLongPaired(labels, other, one).difference > 0)
 * ```
 */
export { auc } from './auc.js'
export { averagePrecision, averagePrecisionContributions } from './average-precision.js'
export { benjaminiHochberg, type FalseDiscoveryControl } from './benjamini-hochberg.js'
export { type ChiSquare, chiSquare, cramersV } from './chi-square.js'
export { decileCounts, type GroupedCounts, groupByReference } from './decile-counts.js'
export { type AucEstimate, deLong, deLongPaired, type PairedAuc } from './delong.js'
export { kolmogorovSmirnov } from './kolmogorov-smirnov.js'
export { type LeastCost, leastCostThreshold } from './least-cost-threshold.js'
export { type McNemar, mcNemar } from './mcnemar.js'
export { mergeProfiles } from './merge-profiles.js'
export { type PairedDifference, type PairedOptions, pairedMeanDifference } from './paired-mean-difference.js'
export {
  type PsiSample,
  populationStabilityIndex,
  psiNoiseLimit,
  psiPValue,
  type ZeroFill,
} from './population-stability-index.js'
export type { CategoricalProfile, ColumnProfile, NumericProfile, Profile } from './profile.js'
export { type Proportion, twoProportionZ, wilsonInterval } from './proportions.js'
export { quantile, quantileOfSorted } from './quantile.js'
export {
  accuracy,
  brier,
  correctness,
  type DecisionCosts,
  decisionCosts,
  logLoss,
  logLosses,
  mean,
  squaredErrors,
} from './row-metrics.js'
export { seededRandom } from './seeded-random.js'
export { wasserstein1 } from './wasserstein.js'
