import { type Contender, measure } from '../goal-metric.js'
import type { JudgeInput } from '../judge-input.js'
import { decimal } from '../plain-numbers.js'

/** `auc 0.7312 against 0.7290 of the champion`: the goal metric of the candidate and of another contender. */
export function subjectOf(
  { goalMetric, labels, candidate }: JudgeInput,
  other: { readonly name: string; readonly contender: Contender },
): string {
  const [own, its] = [candidate, other.contender].map((contender) => measure(goalMetric, labels, contender).value)
  return `${goalMetric} ${decimal(own ?? Number.NaN)} against ${decimal(its ?? Number.NaN)} of the ${other.name}`
}
