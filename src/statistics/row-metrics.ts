/** Metrics that are a mean over rows: what each row contributes, so that two models can be compared row by row. */
import { at, sum } from './at.js'
import { checkScores } from './class-scores.js'

/** Scores are kept this far from 0 and 1 before the logarithm, so that one sure mistake is dear but not infinite. */
const CLIP = 1e-15

/** What a decision costs, by outcome; negative numbers are gains. */
export interface DecisionCosts {
  readonly truePositive: number
  readonly falsePositive: number
  readonly falseNegative: number
  readonly trueNegative: number
}

/** 1 a row that is decided rightly (score ≥ threshold means positive), else 0. The mean is the accuracy. */
export function correctness(labels: ArrayLike<number>, scores: ArrayLike<number>, threshold: number): Float64Array {
  return eachRow(labels, scores, (label, score) => (score >= threshold === (label === 1) ? 1 : 0))
}

/** −ln of the probability that the score gave to what happened, clipped at 1e-15. The mean is the log loss. */
export function logLosses(labels: ArrayLike<number>, scores: ArrayLike<number>): Float64Array {
  return eachRow(labels, scores, (label, score) => {
    const probability = label === 1 ? score : 1 - score
    return -Math.log(Math.min(1 - CLIP, Math.max(CLIP, probability)))
  })
}

/** Squared difference of score and label. The mean is the Brier score (G. Brier, Monthly Weather Review 78, 1950). */
export function squaredErrors(labels: ArrayLike<number>, scores: ArrayLike<number>): Float64Array {
  return eachRow(labels, scores, (label, score) => (score - label) ** 2)
}

/** Cost of the decision on each row. The mean is the cost a decision. */
export function decisionCosts(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  threshold: number,
  costs: DecisionCosts,
): Float64Array {
  return eachRow(labels, scores, (label, score) => {
    if (score >= threshold) return label === 1 ? costs.truePositive : costs.falsePositive
    return label === 1 ? costs.falseNegative : costs.trueNegative
  })
}

/** Share of rows decided rightly. @throws RangeError as {@link checkScores}; the same holds for the metrics below. */
export const accuracy = (labels: ArrayLike<number>, scores: ArrayLike<number>, threshold: number): number =>
  mean(correctness(labels, scores, threshold))

/** Mean negative log likelihood, in nats; lower is better. */
export const logLoss = (labels: ArrayLike<number>, scores: ArrayLike<number>): number => mean(logLosses(labels, scores))

/** Mean squared difference of score and label, in [0, 1]; lower is better. */
export const brier = (labels: ArrayLike<number>, scores: ArrayLike<number>): number =>
  mean(squaredErrors(labels, scores))

/** Arithmetic mean; NaN of nothing. */
export const mean = (values: ArrayLike<number> & Iterable<number>): number => sum(values) / values.length

function eachRow(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  contribution: (label: number, score: number) => number,
): Float64Array {
  checkScores(labels, scores)
  const contributions = new Float64Array(labels.length)
  for (let row = 0; row < labels.length; row++) contributions[row] = contribution(at(labels, row), at(scores, row))
  return contributions
}
