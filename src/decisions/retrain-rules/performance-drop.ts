import type { Evidence, PastDecision } from '../decision.js'
import { decimal, rows } from '../plain-numbers.js'
import type { Proposal, Rule } from './rule.js'

/** Standard errors that a loss must exceed: no false alarm in the measured streams, see docs on drift. */
const DROP_Z = 3

/** The champion does worse on labelled rows, by more than noise and by more than is worth bearing: the concept changed. */
export const performanceDrop: Rule = ({ evidence, policy, metricDirection, history }): Proposal | undefined => {
  const { performance } = evidence
  if (performance === null || performance.liveRows < policy.minRows) return undefined
  const { metric, reference, live, liveRows, z, drop } = performance
  if (z <= DROP_Z || drop < policy.performanceDrop) return undefined
  const moved = metricDirection === 'higher' ? 'fell' : 'rose'
  const changePoint = changeStart(evidence, history.decisions)
  const since = changePoint === null ? '' : ` The change began at ${changePoint} or later.`
  const reason =
    `${metric} ${moved} from ${decimal(reference)} to ${decimal(live)} on ${rows(liveRows)}: worse by ${decimal(drop)}, ` +
    `at least ${decimal(policy.performanceDrop)} counts; z = ${decimal(z, 3)}, above ${DROP_Z}.${since}`
  return { verdict: 'full', rule: 'performanceDrop', reasons: [reason], changePoint }
}

/** The start of the live rows; or of the earlier ones, when the same drop was seen then and only postponed. */
function changeStart({ liveFrom }: Evidence, decisions: readonly PastDecision[]): string | null {
  const answered = decisions.findLastIndex(({ changePoint, verdict }) => changePoint === null || verdict !== 'none')
  return decisions[answered + 1]?.changePoint ?? liveFrom
}
