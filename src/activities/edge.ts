/** The edge between activities and Temporal: how errors leave, how life is shown, how work is told to stop. */
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { RefitError } from '../errors.js'

/** Well below the heartbeat timeout of 15 s, so that a lost worker is noticed and a busy one is not. */
const HEARTBEAT_EVERY_MS = 3_000

/** Runs work while heartbeats carry its latest progress, and hands it the signal that says when to stop. */
export async function alive<T>(
  work: (life: { readonly signal: AbortSignal; show(details: unknown): void }) => Promise<T>,
): Promise<T> {
  let latest: unknown
  const show = (details: unknown) => {
    latest = details
    heartbeat(latest)
  }
  const timer = setInterval(() => heartbeat(latest), HEARTBEAT_EVERY_MS)
  try {
    return await work({ signal: cancellationSignal(), show })
  } finally {
    clearInterval(timer)
  }
}

/** Number of this attempt, from 1. */
export const attempt = (): number => activityInfo().attempt

/** Activities as Temporal calls them: with one plain object, giving plain data. Each keeps its own type through T. */
type ActivityTable = Record<string, (input: never) => Promise<unknown>>

/** Wraps each activity so that a `RefitError` tells Temporal its code and whether a retry can help. */
export function withFailures<T extends ActivityTable>(activities: T): T {
  const wrapped = Object.entries(activities).map(([name, run]) => [
    name,
    async (input: never) => {
      try {
        return await run(input)
      } catch (thrown) {
        throw toFailure(thrown)
      }
    },
  ])
  // The entries have the keys of T and functions that forward to those of T.
  return Object.fromEntries(wrapped) as T
}

function toFailure(thrown: unknown): unknown {
  if (!(thrown instanceof RefitError)) return thrown
  if (thrown.code === 'Cancelled') return new CancelledFailure(thrown.message, [], thrown)
  return ApplicationFailure.create({
    type: thrown.code,
    message: thrown.message,
    nonRetryable: thrown.permanent,
    cause: thrown,
  })
}
