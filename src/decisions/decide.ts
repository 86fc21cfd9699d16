import type { Decision, Evidence } from './decision.js'
import { age } from './retrain-rules/age.js'
import { asked } from './retrain-rules/asked.js'
import { expectedCost } from './retrain-rules/expected-cost.js'
import { broadFeatureDrift, featureDrift } from './retrain-rules/feature-drift.js'
import { labelShift } from './retrain-rules/label-shift.js'
import { limited } from './retrain-rules/limits.js'
import { nothingNotable } from './retrain-rules/nothing-notable.js'
import { chooseWay } from './retrain-rules/partial-way.js'
import { performanceDrop } from './retrain-rules/performance-drop.js'
import { recovery } from './retrain-rules/recovery.js'
import { badData, firstModel, insufficientRows, noNewRows } from './retrain-rules/rows.js'
import type { DecisionContext, Facts, Proposal, Rule } from './retrain-rules/rule.js'
import { trainingWindow } from './retrain-rules/training-window.js'

/** The policy: the first rule that matches decides. */
const RULES: readonly Rule[] = [
  asked, //             a person wants it              as asked
  badData, //           the data are broken            none
  noNewRows, //         nothing arrived                none
  insufficientRows, //  too little arrived             none
  firstModel, //        the baseline serves            full, all history
  recovery, //          the concept changed before     full, since the change
  performanceDrop, //   the champion got worse         full, since the change
  labelShift, //        positives became more or less  partial: recalibrate
  broadFeatureDrift, // most features moved            full
  featureDrift, //      some features moved            partial
  age, //               the model is old               partial
]

/**
 * Decides whether nothing, a part or all of a model is retrained, on which rows and why.
 *
 * Pure: the same evidence and context give the same decision, so that a stored one can be replayed. Bad data never lead to
 * a retraining unless a person asks for it. Limits (new labels, cooldown, budget) are asked last.
 */
export function decide(evidence: Evidence, context: DecisionContext): Decision {
  const facts: Facts = { ...context, evidence }
  return complete(facts, limited(facts, firstMatch(facts)))
}

function firstMatch(facts: Facts): Proposal {
  for (const rule of RULES) {
    const proposal = rule(facts)
    if (proposal !== undefined) return proposal
  }
  return nothingNotable(facts)
}

/** Adds how, on which rows and at which price. A partial that the trainer cannot do becomes a full, and says so. */
function complete(facts: Facts, proposal: Proposal): Decision {
  const chosen = proposal.verdict === 'partial' ? chooseWay(facts, proposal) : { way: null, reasons: [] }
  const isFull = proposal.verdict === 'partial' && chosen.way === null
  const verdict = isFull ? 'full' : proposal.verdict
  return {
    verdict,
    way: chosen.way,
    rule: proposal.rule,
    reasons: [...proposal.reasons, ...chosen.reasons],
    window: trainingWindow(facts, proposal, { verdict, way: chosen.way }),
    changePoint: proposal.changePoint ?? null,
    expectedCost: expectedCost(facts, verdict),
  }
}
