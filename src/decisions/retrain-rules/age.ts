import { daysBetween } from '../event-time.js'
import { count, decimal, rows } from '../plain-numbers.js'
import type { Proposal, Rule } from './rule.js'

/** The model is old and there is something newer to learn from: it is refreshed. */
export const age: Rule = ({ evidence, policy }): Proposal | undefined => {
  const { asOf, champion, newLabelledRows } = evidence
  if (champion.trainedThrough === null || newLabelledRows < policy.minRows) return undefined
  const ageDays = daysBetween(champion.trainedThrough, asOf)
  if (!(ageDays > policy.maxAgeDays)) return undefined
  const reason =
    `The champion's training data ended ${decimal(ageDays, 3)} days ago, more than ${decimal(policy.maxAgeDays)}, ` +
    `and ${rows(newLabelledRows)} with labels are newer; ${count(policy.minRows)} suffice.`
  return { verdict: 'partial', rule: 'age', reasons: [reason] }
}
