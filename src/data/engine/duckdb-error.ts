/** What DuckDB throws, as Refit's errors: by the first words of the message, as DuckDB has no codes. */
import { messageOf, RefitError } from '../../errors.js'

/** What the host lacks, not what the data have: trying again, or elsewhere, can help. */
const HOST_IS_AT_FAULT = /Out of Memory|No space left|could not allocate|Too many open files/i

/** The error for a call whose signal was aborted. */
export function cancelled(cause?: unknown): RefitError {
  return new RefitError('Cancelled', 'Stopped reading data: the caller asked for it.', { cause })
}

/** Whether the host failed, so that nothing can be said about the data. */
export function isHostFailure(thrown: unknown): boolean {
  return HOST_IS_AT_FAULT.test(messageOf(thrown))
}

/** The first line of an error: DuckDB puts the statement below it. */
export function reasonOf(thrown: unknown): string {
  return messageOf(thrown).split('\n', 1).join('').trim()
}

/** A `RefitError` for anything that was thrown while DuckDB worked; a `RefitError` stays what it is. */
export function asRefitError(thrown: unknown): unknown {
  if (thrown instanceof RefitError || !isHostFailure(thrown)) return thrown
  return new RefitError(
    'StoreUnavailable',
    `Cannot go on reading data: ${reasonOf(thrown)}. Give the worker more memory or scratch space.`,
    { cause: thrown },
  )
}
