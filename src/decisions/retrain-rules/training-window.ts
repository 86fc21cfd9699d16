import type { PartialWay } from '../../trainer/trainer.js'
import type { Decision, TrainingWindow } from '../decision.js'
import { daysBefore, eventTimeMs } from '../event-time.js'
import type { Facts, Proposal } from './rule.js'

/** The rows that a retraining asks for. `trainFrom` of a person limits all of them. */
export function trainingWindow(
  facts: Facts,
  proposal: Proposal,
  chosen: { readonly verdict: Decision['verdict']; readonly way: PartialWay | null },
): TrainingWindow | null {
  if (chosen.verdict === 'none') return null
  const window = chosen.verdict === 'partial' ? partialWindow(facts, chosen.way) : fullWindow(facts, proposal)
  const trainFrom = facts.asked?.trainFrom
  return trainFrom === undefined ? window : { ...window, from: later(trainFrom, window.from) }
}

/** New rows and a share of old ones, against forgetting; a recalibration must see only what is true today. */
function partialWindow(facts: Facts, way: PartialWay | null): TrainingWindow {
  const { champion } = facts.evidence
  return {
    ...policyWindow(facts),
    oldUntil: champion.trainedThrough,
    oldShare: way === 'recalibrate' ? 0 : facts.policy.window.replayShare,
  }
}

/**
 * After a change: only rows since then, when they suffice or the rule wants no others; else the newest `recoveryRows`, older
 * ones among them, since a model of too few rows serves nobody. Otherwise what the policy says.
 */
function fullWindow(facts: Facts, { changePoint = null, onlySinceChange = false }: Proposal): TrainingWindow {
  const { evidence, policy } = facts
  const window = policyWindow(facts)
  if (changePoint === null) return window
  const rowsSinceChange = evidence.performance?.liveRows ?? 0
  const suffices = onlySinceChange || rowsSinceChange >= policy.recoveryRows
  if (suffices) return { ...window, from: later(changePoint, window.from) }
  return { ...window, maxRows: Math.min(window.maxRows, policy.recoveryRows) }
}

function policyWindow({ evidence: { asOf }, policy }: Facts): TrainingWindow {
  const { history, maxRows } = policy.window
  const from = history === 'all' ? null : daysBefore(asOf, history.days)
  return { from, to: asOf, maxRows, oldUntil: null, oldShare: null }
}

const later = (a: string, b: string | null): string => (b === null || eventTimeMs(a) >= eventTimeMs(b) ? a : b)
