import { accuracy, auc, averagePrecision, brier, decisionCosts, logLoss, mean } from '../statistics/index.js'
import { anchorGate } from './gates/anchor.js'
import { artifactGate } from './gates/artifact.js'
import { baselineGate } from './gates/baseline.js'
import { businessGate } from './gates/business.js'
import { championGate } from './gates/champion.js'
import { classCounts, holdoutProblem } from './gates/holdout.js'
import type { Contender } from './goal-metric.js'
import type { JudgeInput } from './judge-input.js'
import type { GateResult, Judgement, Verdict } from './verdict.js'

/**
 * Judges a candidate by all gates on the same holdout rows. Fails closed: what cannot be shown is inconclusive, what cannot
 * be examined is an error, and neither promotes by itself.
 *
 * Every gate must pass (an intersection-union test), so each keeps its own confidence without correction.
 */
export function judge(input: JudgeInput): Judgement {
  const gates = [artifactGate, baselineGate, championGate, businessGate, anchorGate].flatMap(
    (gate) => gate(input) ?? [],
  )
  return {
    verdict: overall(gates),
    gates,
    champion: input.championPosition,
    metrics: {
      candidate: metricsOf(input, input.candidate),
      champion: metricsOf(input, input.champion ?? input.baseline),
      baseline: metricsOf(input, input.baseline),
    },
    holdoutRows: input.labels.length,
  }
}

/** `fail` when any gate fails, else `error`, else `inconclusive`, else `pass`. No gate at all is an error. */
function overall(gates: readonly GateResult[]): Verdict {
  const order = ['fail', 'error', 'inconclusive', 'pass'] as const
  return order.find((verdict) => gates.some((gate) => gate.verdict === verdict)) ?? 'error'
}

/** All metrics that can be computed on these rows; the others are left out, as evidence holds no NaN. */
function metricsOf(input: JudgeInput, contender: Contender): Readonly<Record<string, number>> {
  const { labels, businessMetric } = input
  if (holdoutProblem(labels, { contender })?.verdict === 'error' || labels.length === 0) return {}
  const { scores, threshold } = contender
  const { positives, negatives } = classCounts(labels)
  const ranked = positives > 0 && negatives > 0
  return {
    ...(ranked ? { auc: auc(labels, scores), averagePrecision: averagePrecision(labels, scores) } : {}),
    accuracy: accuracy(labels, scores, threshold),
    logLoss: logLoss(labels, scores),
    brier: brier(labels, scores),
    ...(businessMetric === undefined
      ? {}
      : { costPerDecision: mean(decisionCosts(labels, scores, threshold, businessMetric)) }),
  }
}
