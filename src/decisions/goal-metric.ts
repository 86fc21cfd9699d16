/** The goal metrics behind one interface: value, standard error, and the paired comparison of two models. */
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import { unreachable } from '../errors.js'
import type { GoalMetric } from '../spec/spec.js'
import {
  averagePrecisionContributions,
  correctness,
  deLong,
  deLongPaired,
  logLosses,
  mean,
  pairedMeanDifference,
  squaredErrors,
} from '../statistics/index.js'

/** A model's scores on some rows, and the score from which its decision is positive. */
export interface Contender {
  readonly scores: Float64Array
  readonly threshold: number
}

/** A metric on some rows. */
export interface Measured {
  readonly value: number
  readonly standardError: number
  readonly rows: number
}

/** How much better `a` is than `b` on the same rows: positive is better, whichever way the metric points. */
export interface Gain {
  readonly gain: number
  readonly standardError: number
  /** One-sided bounds. */
  readonly lower: number
  readonly upper: number
  readonly rows: number
}

/** Whether more is better. */
export function metricDirection(metric: GoalMetric): 'higher' | 'lower' {
  return metric === 'logLoss' || metric === 'brier' ? 'lower' : 'higher'
}

/** The metric of one model with its standard error. @throws RangeError on rows that cannot be measured. */
export function measure(metric: GoalMetric, labels: ArrayLike<number>, contender: Contender): Measured {
  const rows = labels.length
  if (metric === 'auc') {
    const { auc, standardError } = deLong(labels, contender.scores)
    return { value: auc, standardError, rows }
  }
  const parts = contributions(metric, labels, contender)
  const value = mean(parts)
  return { value, standardError: Math.sqrt(mean(parts.map((part) => (part - value) ** 2)) / rows), rows }
}

/** Compares two models row by row, with one-sided bounds of the given confidence. @throws RangeError as {@link measure}. */
export function compare(
  metric: GoalMetric,
  labels: ArrayLike<number>,
  { a, b }: { readonly a: Contender; readonly b: Contender },
  { confidence, seed }: { readonly confidence: number; readonly seed: number },
): Gain {
  if (metric === 'auc') return compareAuc(labels, a.scores, b.scores, confidence)
  const isHigherBetter = metricDirection(metric) === 'higher'
  const [better, worse] = isHigherBetter ? [a, b] : [b, a]
  const { difference, ...bounds } = pairedMeanDifference(
    contributions(metric, labels, better),
    contributions(metric, labels, worse),
    { confidence, seed, ...(metric === 'accuracy' ? { spread: 1 } : {}) },
  )
  return { gain: difference, ...bounds }
}

function compareAuc(labels: ArrayLike<number>, a: Float64Array, b: Float64Array, confidence: number): Gain {
  const { difference: gain, standardError } = deLongPaired(labels, a, b)
  const reach = normalQuantile(confidence, 0, 1) * standardError
  return { gain, standardError, lower: gain - reach, upper: gain + reach, rows: labels.length }
}

/** What each row adds: the mean is the metric. AUC is no such mean; its pairs are compared by DeLong. */
function contributions(
  metric: Exclude<GoalMetric, 'auc'>,
  labels: ArrayLike<number>,
  { scores, threshold }: Contender,
): Float64Array {
  switch (metric) {
    case 'averagePrecision':
      return averagePrecisionContributions(labels, scores)
    case 'accuracy':
      return correctness(labels, scores, threshold)
    case 'logLoss':
      return logLosses(labels, scores)
    case 'brier':
      return squaredErrors(labels, scores)
    default:
      return unreachable(metric)
  }
}
