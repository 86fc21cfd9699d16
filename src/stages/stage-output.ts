import { readStage } from '../ledger/run-ledger.js'
import type { Storage } from '../storage/storage.js'
import type { RunAt } from './ports.js'

/** What an earlier stage of the run left behind; the workflow calls stages in order, so its absence is a defect. */
export async function stageOf<T>(storage: Storage, { model, run }: RunAt, stage: string): Promise<T> {
  const output = await readStage<T>(storage, model, run, stage)
  if (output === undefined) throw new Error(`Run ${run} of model "${model}" has no output of stage ${stage}`)
  return output
}

/** Name of a stage's output in a given round; the first round has the plain name. */
export const inRound = (stage: string, round: number): string => (round === 1 ? stage : `${stage}-${round}`)
