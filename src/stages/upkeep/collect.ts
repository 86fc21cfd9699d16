/** Garbage collection of a dataset, and of what was left beside it: what its versions and runs need stays. */

import { DAY_MS } from '../../data/dataset/day.js'
import { collectGarbage, type Garbage } from '../../data/upkeep/collect-garbage.js'
import { RefitError } from '../../errors.js'
import type { ModelSpec, SpecRevision } from '../../spec/spec.js'
import type { Ports } from '../ports.js'
import { collectLeftovers, type Leftover } from './leftovers.js'
import { lineageOf } from './lineage.js'

/** The longest activity that reads or writes rows, in days, with as much again for what comes before and after it. */
const ROWS_DAYS = 0.5

/** What to collect, and on whose behalf. */
export interface CollectGarbageRequest {
  readonly model: string
  /** The newest spec of the dataset: of the model's rows, or of a feed. */
  readonly revision: SpecRevision
  /** Days for which all that was needed stays, so that runs of that time can go on, or be run again. */
  readonly keepDays: number
  readonly actor: string
  readonly isDry: boolean
}

/** Finds what nobody needs, and removes it unless it is asked not to. Rejects with `InvalidInput` when it may harm a run. */
export async function collectDataset(
  ports: Pick<Ports, 'storage' | 'registry' | 'data' | 'openSource' | 'now'>,
  { model, revision, keepDays, actor, isDry }: CollectGarbageRequest,
): Promise<readonly (Garbage | Leftover)[]> {
  const { storage, registry, data, now } = ports
  const { spec } = revision
  requireLongEnough(spec, keepDays)
  const since = new Date(now().getTime() - keepDays * DAY_MS).toISOString()
  const lineage = await lineageOf({ storage, registry }, { model, dataset: spec.model }, since)
  const why = `not needed for ${keepDays} days`
  const garbage = await collectGarbage(data, { dataset: spec.model, ...lineage, since, why, actor, isDry })
  return [...garbage, ...(await collectLeftovers(ports, { model, revision, since, isDry }))]
}

/** The least that is safe: a run may train for so long, then wait for a person, then still read what it selected. */
function requireLongEnough({ model, trainer, approval }: ModelSpec, keepDays: number): void {
  const least = Math.ceil(ROWS_DAYS + trainer.timeoutMinutes / (24 * 60) + approval.expiresDays)
  if (keepDays >= least) return
  throw new RefitError(
    'InvalidInput',
    `Cannot collect what "${model}" did not need for ${keepDays} days: expected ${least} days or more, as a run may train ` +
      `for ${trainer.timeoutMinutes} minutes and wait ${approval.expiresDays} days for a person.`,
  )
}
