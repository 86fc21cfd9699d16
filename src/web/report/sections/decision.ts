import type { Decision } from '../../../decisions/decision.js'
import type { RunRecord } from '../../../decisions/run-record.js'
import { facts, list } from '../../elements.js'
import { count, measure, moment, share, words } from '../../format.js'
import { html } from '../../markup.js'
import type { Section } from '../section.js'
import { decisionText } from './summary.js'

/** What was decided, by which rule, with its numbers. */
export function decisionSection(record: RunRecord): Section | undefined {
  const { decision, spec } = record
  if (decision === null) return undefined
  const { expectedCost } = decision
  const body = html`${facts([
    ['Decision', decisionText(record)],
    ['Rule', words(decision.rule)],
    ['Rows asked for', windowText(decision)],
    ['Change began', decision.changePoint === null ? null : moment(decision.changePoint)],
    ['Expected cost', expectedCost === null ? null : `${measure(expectedCost)} ${spec.currency}`],
  ])}
${list(decision.reasons)}`
  return { id: 'decision', title: 'Decision', body }
}

function windowText({ window }: Decision): string | undefined {
  if (window === null) return undefined
  const { from, to, maxRows, oldShare, oldUntil } = window
  const range = `${from === null ? 'from the beginning' : moment(from)} to ${moment(to)}, at most ${count(maxRows)}`
  if (oldShare === null || oldUntil === null) return range
  return `${range}; ${share(oldShare)} of them from before ${moment(oldUntil)}, against forgetting`
}
