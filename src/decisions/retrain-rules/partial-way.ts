import type { PartialWay } from '../../trainer/trainer.js'
import type { Facts, Proposal } from './rule.js'

/** How a partial is done; null when it has to become a full retraining, with the reason. */
export interface ChosenWay {
  readonly way: PartialWay | null
  readonly reasons: readonly string[]
}

/** The way that the rule prefers, else the policy's first one that the trainer has. */
export function chooseWay({ evidence, policy, trainerCan }: Facts, { preferredWay }: Proposal): ChosenWay {
  if (evidence.champion.isBaseline) {
    return { way: null, reasons: ['Full instead: the baseline serves, there is no trained model to begin with.'] }
  }
  const wishes = [...(preferredWay === undefined ? [] : [preferredWay]), ...policy.partial]
  const way = wishes.find((wish) => trainerCan.includes(wish))
  if (way === undefined) {
    return { way: null, reasons: [`Full instead: the trainer can do none of ${[...new Set(wishes)].join(', ')}.`] }
  }
  const missed = wishes[0]
  const reasons = way === missed ? [] : [`${way} instead of ${missed}, which the trainer cannot do.`]
  return { way, reasons }
}
