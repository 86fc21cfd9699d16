/** Limits that turn a retraining into none: nothing to learn from, rest, budget. Never what a person asked for. */
import type { PastDecision } from '../decision.js'
import { daysBetween } from '../event-time.js'
import { count, decimal, rows } from '../plain-numbers.js'
import { closesWindow } from './feature-drift.js'
import type { Facts, Proposal } from './rule.js'

/** Days of event time that the budget of retrainings is counted over. */
const BUDGET_DAYS = 30
/** Outcomes after which the same rule waits longer before it trains again. */
const FRUITLESS: readonly (string | null)[] = ['rejected', 'rolledBack', 'failed']
/** Windows waited at most, however many candidates were fruitless in a row. */
const MOST_WAITED_WINDOWS = 15

type Limit = (facts: Facts, wanted: Proposal) => Proposal | undefined

/** The proposal, or the first limit that stands in its way. A postponed one keeps its reasons and its change point. */
export function limited(facts: Facts, wanted: Proposal): Proposal {
  if (wanted.verdict === 'none' || wanted.rule === 'asked') return wanted
  for (const limit of [unlabelled, resting, fruitless, spent]) {
    const refusal = limit(facts, wanted)
    if (refusal !== undefined) return { ...refusal, reasons: [...refusal.reasons, ...wanted.reasons] }
  }
  return wanted
}

/** A retraining on rows that the champion knows already would learn nothing. */
const unlabelled: Limit = ({ evidence: { newLabelledRows }, policy: { minRows } }, { rule }) => {
  if (newLabelledRows >= minRows) return undefined
  const reason = `${rows(newLabelledRows)} with labels are new to the champion; fewer than ${count(minRows)} cannot answer ${rule}.`
  return { verdict: 'none', rule: 'insufficientRows', reasons: [reason] }
}

const resting: Limit = ({ evidence, policy: { cooldownDays }, history }, { rule, changePoint = null }) => {
  const last = history.decisions.findLast(isRetraining)
  if (last === undefined || rule === 'recovery') return undefined
  const days = daysBetween(last.asOf, evidence.asOf)
  if (days >= cooldownDays) return undefined
  const reason = `The last retraining was ${decimal(days, 3)} days ago (run ${last.run}); the cooldown is ${decimal(cooldownDays)} days.`
  return { verdict: 'none', rule: 'cooldown', reasons: [reason], changePoint }
}

/**
 * The same rule made candidates that nobody could use: k in a row make it wait 2^(k−1) windows, so that one that cannot
 * succeed does not train daily. The first repetition is free: new rows have arrived since.
 */
const fruitless: Limit = ({ history: { decisions } }, { rule, changePoint = null }) => {
  if (rule === 'recovery') return undefined
  const attempts = decisions.filter(isRetraining)
  const lastGood = attempts.findLastIndex((past) => past.rule !== rule || !FRUITLESS.includes(past.outcome))
  const inRow = attempts.slice(lastGood + 1)
  const last = inRow.at(-1)
  if (last === undefined) return undefined
  const wait = Math.min(MOST_WAITED_WINDOWS, 2 ** (inRow.length - 1) - 1)
  const waited = decisions.slice(decisions.indexOf(last) + 1).filter((past) => closesWindow(past.rule)).length
  if (waited >= wait) return undefined
  const reason =
    `${inRow.length} candidates in a row that ${rule} asked for were of no use (run ${last.run}: ${last.outcome}); ` +
    `window ${waited + 1} of ${wait} that are waited for.`
  return { verdict: 'none', rule: 'cooldown', reasons: [reason], changePoint }
}

const spent: Limit = ({ evidence, policy: { retrainsPer30Days }, history }, { changePoint = null }) => {
  const recent = history.decisions.filter(
    (past) => isRetraining(past) && daysBetween(past.asOf, evidence.asOf) < BUDGET_DAYS,
  )
  if (recent.length < retrainsPer30Days) return undefined
  const reason = `${count(recent.length)} retrainings within ${BUDGET_DAYS} days use up the budget of ${count(retrainsPer30Days)}.`
  return { verdict: 'none', rule: 'budget', reasons: [reason], changePoint }
}

const isRetraining = ({ verdict }: PastDecision): boolean => verdict !== 'none'
