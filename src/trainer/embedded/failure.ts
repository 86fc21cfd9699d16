import { RefitError } from '../../errors.js'

/** A training that fails the same way however often it is tried. */
export function hopeless(text: string, cause?: unknown): RefitError {
  return new RefitError('TrainingFailed', text, { permanent: true, ...(cause === undefined ? {} : { cause }) })
}

/** A training that was asked to stop. */
export function cancelled(): RefitError {
  return new RefitError('Cancelled', 'Stopped the training: it was cancelled. Start a run to train again.')
}
