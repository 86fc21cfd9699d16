/** What a retrain rule sees and says. */
import type { Policy } from '../../spec/policy.js'
import type { PartialWay } from '../../trainer/trainer.js'
import type { DecisionHistory, Evidence, RuleName } from '../decision.js'

/** What a person asked for. */
export interface Asked {
  /** Overrules the decision; the rules decide when it is absent. */
  readonly verdict?: 'none' | 'partial' | 'full' | undefined
  /** Event time from which rows may be trained on, whichever rule decides. */
  readonly trainFrom?: string | undefined
}

/** What a decision depends on besides the evidence. */
export interface DecisionContext {
  readonly policy: Policy
  readonly metricDirection: 'higher' | 'lower'
  readonly history: DecisionHistory
  /** Ways of partial retraining that the trainer has. */
  readonly trainerCan: readonly PartialWay[]
  /** Price of an hour of training, in the spec's currency. */
  readonly trainingHourPrice: number
  readonly asked?: Asked | undefined
}

/** All that a rule may look at. */
export interface Facts extends DecisionContext {
  readonly evidence: Evidence
}

/** What a rule wants when it matches. */
export interface Proposal {
  readonly verdict: 'none' | 'partial' | 'full'
  readonly rule: RuleName
  /** Sentences for people, the deciding one first. */
  readonly reasons: readonly string[]
  /** A way that fits better than the policy's first one. */
  readonly preferredWay?: PartialWay
  /** Start of the change that is answered; training rows begin there when it has enough of them. */
  readonly changePoint?: string | null
  /** True when rows before the change point are not wanted at all. */
  readonly onlySinceChange?: boolean
}

/** A rule: what it wants, or undefined when it does not match. */
export type Rule = (facts: Facts) => Proposal | undefined
