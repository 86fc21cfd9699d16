import { RefitError } from '../../errors.js'
import { fileInside } from './file-inside.js'

/** Checkpoints that a program announced, on their way into the store. */
export interface CheckpointQueue {
  add(file: string): void
  /** Resolves when nothing is under way any more; rejects when a checkpoint could not be saved. */
  settled(): Promise<void>
}

/**
 * Makes the queue of one training. The contract with the program:
 *
 * 1. A checkpoint is announced when it is complete, and not touched afterwards: the next one has another name.
 * 2. The program does not wait. One checkpoint is saved at a time, in order; of those that were announced meanwhile
 *    only the latest is saved, so a slow store delays nobody and nothing piles up.
 * 3. A checkpoint that cannot be saved ends the training through `onFailure`: a save that may be missed is the
 *    decision of whoever gave `save`.
 */
export function createCheckpointQueue(
  folder: string,
  save: (path: string) => Promise<void>,
  onFailure: (thrown: unknown) => void,
): CheckpointQueue {
  let next: string | undefined
  let isBusy = false
  let saving: Promise<void> = Promise.resolve()

  const saveAll = async (): Promise<void> => {
    while (next !== undefined) {
      const file = next
      next = undefined
      await save(await checkpointPath(folder, file))
    }
    isBusy = false
  }
  const add = (file: string): void => {
    next = file
    if (isBusy) return
    isBusy = true
    saving = saveAll()
    saving.catch(onFailure)
  }
  return { add, settled: () => saving }
}

async function checkpointPath(folder: string, file: string): Promise<string> {
  const found = await fileInside(folder, file)
  if (found.kind === 'found') return found.path
  const wayOut = 'Announce a complete file in the checkpoint folder of the job.'
  throw new RefitError('TrainingFailed', `Cannot save a checkpoint: ${found.reason}. ${wayOut}`, { permanent: true })
}
