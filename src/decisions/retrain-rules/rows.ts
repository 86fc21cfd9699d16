/** Rules on whether there are rows to decide on, and a first model to make of them. */
import { count, rows } from '../plain-numbers.js'
import type { Proposal, Rule } from './rule.js'

/** Bad data block retraining: what every drift test would call drift is a defect here. */
export const badData: Rule = ({ evidence: { dataProblems } }): Proposal | undefined => {
  if (dataProblems.length === 0) return undefined
  return { verdict: 'none', rule: 'badData', reasons: dataProblems.map(({ text }) => text) }
}

/** Without a new row, or a new answer about an earlier one, nothing can have changed. */
export const noNewRows: Rule = ({ evidence: { liveRows, answeredRows } }): Proposal | undefined => {
  if (liveRows > 0 || (answeredRows ?? 0) > 0) return undefined
  const what = answeredRows === undefined ? 'No row' : 'No row and no answer'
  return { verdict: 'none', rule: 'noNewRows', reasons: [`${what} has arrived since the last decision.`] }
}

/** Too few rows are no evidence, of change or of its absence. */
export const insufficientRows: Rule = ({ evidence, policy: { minRows } }): Proposal | undefined => {
  const { liveRows, answeredRows } = evidence
  if (Math.max(liveRows, answeredRows ?? 0) >= minRows) return undefined
  const answered = answeredRows === undefined ? '' : `, and answers came about ${rows(answeredRows)} that were there`
  const reason = `${rows(liveRows)} arrived since the last decision${answered}; fewer than ${count(minRows)} are no evidence.`
  return { verdict: 'none', rule: 'insufficientRows', reasons: [reason] }
}

/** While champion zero serves, the first rows that suffice make a model of all history. */
export const firstModel: Rule = ({ evidence, policy: { minRows } }): Proposal | undefined => {
  const { champion, newLabelledRows } = evidence
  if (!champion.isBaseline || newLabelledRows < minRows) return undefined
  const reason = `The baseline serves and ${rows(newLabelledRows)} with labels are there; ${count(minRows)} suffice for a first model.`
  return { verdict: 'full', rule: 'firstModel', reasons: [reason] }
}
