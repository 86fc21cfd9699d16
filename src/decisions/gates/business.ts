import type { BusinessMetric } from '../../spec/examination.js'
import { decisionCosts, mean, pairedMeanDifference } from '../../statistics/index.js'
import type { JudgeInput } from '../judge-input.js'
import { decimal } from '../plain-numbers.js'
import type { GateResult } from '../verdict.js'
import { compared, nonInferiority, notCompared } from './bound.js'
import { holdoutProblem } from './holdout.js'

const NAME = { gate: 'G3b', title: 'Decisions cost no more' }

/**
 * G3b: the mean cost of a decision, each model at its own threshold, is not above what serves (champion or baseline) by more
 * than the margin, a share of the cost of what serves. Nothing without a business metric.
 */
export function businessGate(input: JudgeInput): GateResult | undefined {
  const { labels, candidate, champion, baseline, gates, businessMetric, seed } = input
  if (businessMetric === undefined) return undefined
  const [name, serving] = champion === null ? (['baseline', baseline] as const) : (['champion', champion] as const)
  const problem = holdoutProblem(labels, { candidate, [name]: serving })
  if (problem !== undefined) return notCompared(NAME, problem, labels.length)
  const own = decisionCosts(labels, candidate.scores, candidate.threshold, businessMetric)
  const its = decisionCosts(labels, serving.scores, serving.threshold, businessMetric)
  const { confidence, businessMargin } = gates
  const { difference, ...bounds } = pairedMeanDifference(its, own, {
    confidence,
    seed,
    spread: spreadOf(businessMetric),
  })
  const subject = `Cost of a decision ${decimal(mean(own))} against ${decimal(mean(its))} ${businessMetric.unit} of the ${name}`
  const found = { gain: difference, ...bounds, limit: -businessMargin * Math.abs(mean(its)), confidence, subject }
  return compared(NAME, found, nonInferiority(found))
}

/** The most that two decisions on one row can differ in cost. */
function spreadOf({ truePositive, falsePositive, falseNegative, trueNegative }: BusinessMetric): number {
  return Math.max(Math.abs(falsePositive - trueNegative), Math.abs(falseNegative - truePositive))
}
