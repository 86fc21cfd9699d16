import { RefitError } from '../../errors.js'

/** A graph that does not fit its rows, or cannot be run: the same rows fail again. */
export function failed(text: string, cause?: unknown): RefitError {
  return new RefitError('PredictorFailed', text, { permanent: true, ...(cause === undefined ? {} : { cause }) })
}
