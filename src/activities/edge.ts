/** The edge between activities and Temporal: how life is shown, how work is told to stop, how errors leave. */
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { messageOf, RefitError } from '../errors.js'
import type { Life } from '../stages/ports.js'

/** Well below the heartbeat timeout of 15 s, so that a lost worker is noticed and a busy one is not. */
const HEARTBEAT_EVERY_MS = 3_000
/** An attempt that worked for longer before it failed is the first one of a new trouble. */
const NEW_TROUBLE_AFTER_MS = 5 * 60_000
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

/** What a heartbeat tells: how far the work is and, after a failure, since when it fails. */
interface Beat {
  readonly progress?: unknown
  /** ISO 8601. It outlives attempts and workers: the server hands it to the next attempt, and to whoever asks. */
  readonly failingSince?: string
}

async function live(act: Act, input: never): Promise<unknown> {
  const startedMs = Date.now()
  let latest: Beat = failingBefore(activityInfo().heartbeatDetails)
  const beat = () => heartbeat(latest)
  const timer = setInterval(beat, HEARTBEAT_EVERY_MS)
  const show = (progress: unknown) => {
    latest = { ...latest, progress }
    beat()
  }
  try {
    return await act(input, { signal: cancellationSignal(), attempt: activityInfo().attempt, show })
  } catch (thrown) {
    const isNew = latest.failingSince === undefined || Date.now() - startedMs > NEW_TROUBLE_AFTER_MS
    if (isNew) latest = { ...latest, failingSince: new Date().toISOString() }
    beat()
    throw failureOf(thrown)
  } finally {
    clearInterval(timer)
  }
}

/** What the attempt before has left: a worker of another version may have told something else. */
function failingBefore(details: unknown): Beat {
  const isBeat = typeof details === 'object' && details !== null && 'failingSince' in details
  return isBeat && typeof details.failingSince === 'string' ? { failingSince: details.failingSince } : {}
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
