/** The edge between activities and Temporal: how life is shown, how work is told to stop, how errors leave. */
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { messageOf, RefitError } from '../errors.js'
import type { Life } from '../stages/ports.js'

/** Well below the heartbeat timeout of 15 s, so that a lost worker is noticed and a busy one is not. */
const HEARTBEAT_EVERY_MS = 3_000
/** What nobody foresaw may pass by itself a few times; after that it is a defect, and a retry helps nobody. */
const MOST_UNFORESEEN = 5

/** A function behind an activity: one plain object and its life in, plain data out. */
type Act = (input: never, life: Life) => Promise<unknown>

/** Activities as Temporal calls them: with one plain object. */
export type AsActivities<T extends Record<string, Act>> = {
  [Name in keyof T]: (input: Parameters<T[Name]>[0]) => ReturnType<T[Name]>
}

/** Makes activities of functions: each beats its heart while it works, and its errors tell whether a retry can help. */
export function asActivities<T extends Record<string, Act>>(functions: T): AsActivities<T> {
  const activities = Object.entries(functions).map(([name, act]) => [name, (input: never) => live(act, input)])
  // The entries have the names of T and functions that forward to those of T.
  return Object.fromEntries(activities) as AsActivities<T>
}

async function live(act: Act, input: never): Promise<unknown> {
  let latest: unknown
  const timer = setInterval(() => heartbeat(latest), HEARTBEAT_EVERY_MS)
  const show = (progress: unknown) => {
    latest = progress
    heartbeat(latest)
  }
  try {
    return await act(input, { signal: cancellationSignal(), attempt: activityInfo().attempt, show })
  } catch (thrown) {
    throw failureOf(thrown)
  } finally {
    clearInterval(timer)
  }
}

function failureOf(thrown: unknown): unknown {
  if (thrown instanceof RefitError) {
    const { code: type, message, permanent: nonRetryable } = thrown
    if (type === 'Cancelled') return new CancelledFailure(message, [], thrown)
    return ApplicationFailure.create({ type, message, nonRetryable, cause: thrown })
  }
  const isForeseen = thrown instanceof ApplicationFailure || thrown instanceof CancelledFailure
  if (isForeseen || activityInfo().attempt < MOST_UNFORESEEN) return thrown
  const cause = thrown instanceof Error ? thrown : undefined
  return ApplicationFailure.create({
    type: 'Unexpected',
    message: messageOf(thrown),
    nonRetryable: true,
    ...(cause === undefined ? {} : { cause }),
  })
}
