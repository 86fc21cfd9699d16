import type { JudgeInput } from '../judge-input.js'
import type { GateResult } from '../verdict.js'
import { notInferiorTo } from './champion.js'

const NAME = { gate: 'G4', title: 'Not worse than the anchor' }

/**
 * G4: not inferior to the pinned anchor either. Without it, fifty champions that are each a little worse than the one before
 * pass G3 and lose two points of accuracy (simulated).
 */
export function anchorGate(input: JudgeInput): GateResult | undefined {
  const { anchor } = input
  return anchor === undefined ? undefined : notInferiorTo(NAME, input, { name: 'anchor', contender: anchor })
}
