import { compare } from '../goal-metric.js'
import type { JudgeInput } from '../judge-input.js'
import type { GateResult, Verdict } from '../verdict.js'
import { type ComparedGain, compared, notCompared } from './bound.js'
import { holdoutProblem } from './holdout.js'
import { subjectOf } from './subject.js'

const NAME = { gate: 'G2', title: 'Beats the baseline' }

/**
 * G2: the candidate beats champion zero on the goal metric. The burden is on the candidate: a gain that does not even exceed
 * the minimum as an estimate fails, one that does but not surely is inconclusive.
 */
export function baselineGate(input: JudgeInput): GateResult {
  const { labels, candidate, baseline, gates, goalMetric, seed } = input
  const problem = holdoutProblem(labels, { candidate, baseline })
  if (problem !== undefined) return notCompared(NAME, problem, labels.length)
  const { confidence, minGainOverBaseline: limit } = gates
  const gain = compare(goalMetric, labels, { a: candidate, b: baseline }, { confidence, seed })
  const subject = subjectOf(input, { name: 'baseline', contender: baseline })
  const found = { ...gain, limit, confidence, subject }
  return compared(NAME, found, superiority(found))
}

function superiority({ gain, lower, limit }: ComparedGain): Verdict {
  if (lower > limit) return 'pass'
  return gain <= limit ? 'fail' : 'inconclusive'
}
