import { type Contender, compare } from '../goal-metric.js'
import type { JudgeInput } from '../judge-input.js'
import type { GateResult } from '../verdict.js'
import { compared, type GateName, nonInferiority, notCompared } from './bound.js'
import { holdoutProblem } from './holdout.js'
import { subjectOf } from './subject.js'

const NAME = { gate: 'G3', title: 'Not worse than the champion' }

/** G3: not inferior to the champion on the goal metric. Nothing while champion zero serves: G2 compares with that. */
export function championGate(input: JudgeInput): GateResult | undefined {
  const { champion } = input
  return champion === null ? undefined : notInferiorTo(NAME, input, { name: 'champion', contender: champion })
}

/** Not inferior to another contender within the goal metric's margin. The margin is never widened for want of rows. */
export function notInferiorTo(
  name: GateName,
  input: JudgeInput,
  other: { readonly name: string; readonly contender: Contender },
): GateResult {
  const { labels, candidate, gates, goalMetric, seed } = input
  const problem = holdoutProblem(labels, { candidate, [other.name]: other.contender })
  if (problem !== undefined) return notCompared(name, problem, labels.length)
  const { confidence, margin } = gates
  const gain = compare(goalMetric, labels, { a: candidate, b: other.contender }, { confidence, seed })
  const found = { ...gain, limit: -margin, confidence, subject: subjectOf(input, other) }
  return compared(name, found, nonInferiority(found))
}
