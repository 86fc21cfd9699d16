/** From a gain with its bounds to a gate result: the words and the verdicts that the comparing gates share. */
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import type { Gain } from '../goal-metric.js'
import { count, decimal, share } from '../plain-numbers.js'
import type { GateResult, Verdict } from '../verdict.js'
import type { HoldoutProblem } from './holdout.js'

/** Power that "so many rows would do" is computed for. */
const POWER = 0.8

/** A gain as a gate reads it. */
export interface ComparedGain extends Gain {
  /** What the gain must exceed; negative for a margin. */
  readonly limit: number
  readonly confidence: number
  /** What was measured, with both values: `auc 0.73 against 0.72 of the champion`. */
  readonly subject: string
}

/** Name and title of a gate. */
export type GateName = Pick<GateResult, 'gate' | 'title'>

/** A gate that could not compare. */
export function notCompared(name: GateName, { verdict, text }: HoldoutProblem, rows: number): GateResult {
  return { ...name, verdict, text, estimate: null, bound: null, limit: null, rows }
}

/** The result of a comparison; where a margin cannot be decided, with what the rows do prove and how many would be needed. */
export function compared(name: GateName, compared: ComparedGain, verdict: Verdict): GateResult {
  const { gain, lower, limit, confidence, subject, rows } = compared
  const found = `${subject}: gain ${decimal(gain)}, with ${share(confidence)} confidence above ${decimal(lower)}`
  const more = verdict === 'inconclusive' ? provable(compared) : ''
  const text = `${found}; above ${decimal(limit)} is required.${more}`
  return { ...name, verdict, text, estimate: gain, bound: lower, limit, rows }
}

/** Not inferior: proven better than −margin, proven worse than it, or neither. */
export function nonInferiority({ lower, upper, limit }: ComparedGain): Verdict {
  if (lower > limit) return 'pass'
  return upper < limit ? 'fail' : 'inconclusive'
}

function provable({ lower, limit, standardError, confidence, rows }: ComparedGain): string {
  if (limit >= 0) return ''
  const margin = ` The smallest margin that these ${count(rows)} rows prove is ${decimal(-lower)}`
  // For equal models: the rows at which the lower bound clears the margin with the stated power.
  const reach = (normalQuantile(confidence, 0, 1) + normalQuantile(POWER, 0, 1)) * standardError
  const needed = Math.ceil(rows * (reach / limit) ** 2)
  return `${margin}; about ${count(needed)} would decide between equal models (power ${share(POWER)}).`
}
