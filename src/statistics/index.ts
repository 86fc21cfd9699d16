/** Refit's statistics: pure functions on plain numbers, without I/O, clock or unseeded randomness. */
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
