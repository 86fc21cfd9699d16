import type { Triggers } from '../spec/policy.js'
import { DAY_MS } from './event-time.js'
import { count } from './plain-numbers.js'

const MINUTE_MS = 60_000

/** What the steward knows about its model when it rules. Times are milliseconds since 1970. */
export interface AdmissionState {
  readonly paused: boolean
  readonly running: { readonly run: number; readonly workflowId: string } | null
  readonly lastEndedAtMs: number | null
  /** Starts within the last 24 hours; older ones are ignored. */
  readonly startsMs: readonly number[]
}

/** The part of a request that the ruling rests on. */
export interface AdmissionRequest {
  readonly id: string
  readonly trigger: string
  /** The workflow that asks for itself: it cannot be kept for later. */
  readonly workflowId?: string | undefined
  /** Messages that it stands for. */
  readonly count: number
}

/**
 * The ruling on one request. `queued` requests are merged into one follow-up run, to be ruled on again when the open run
 * has ended and `notBeforeMs` is past.
 */
export type AdmissionRuling =
  | { readonly id: string; readonly kind: 'start' }
  | { readonly id: string; readonly kind: 'queued'; readonly reason: string; readonly notBeforeMs: number }
  | { readonly id: string; readonly kind: 'refused'; readonly reason: string }

/**
 * Rules on requests that lie on the steward's desk: one ruling each, in their order, and at most one `start`.
 *
 * 1. Paused, or the budget of runs a day is used up: all are refused.
 * 2. A run is open, or starts by this ruling: the others are queued; a workflow that asks for itself is refused.
 * 3. In the cooldown only a person's request starts; the others are queued.
 * 4. Who cannot wait starts first: a workflow that asks for itself, then a person, then whoever came first.
 *
 * The workflow of the open run is ruled `start` when it asks again: it is that run.
 */
export function ruleOnAdmission(
  state: AdmissionState,
  requests: readonly AdmissionRequest[],
  limits: Pick<Triggers, 'cooldownMinutes' | 'runsPerDay'>,
  nowMs: number,
): readonly AdmissionRuling[] {
  const refusal = state.paused ? PAUSED : budgetRefusal(state, limits, nowMs)
  const freeAtMs = (state.lastEndedAtMs ?? Number.NEGATIVE_INFINITY) + limits.cooldownMinutes * MINUTE_MS
  const isCooling = freeAtMs > nowMs
  const isFree = state.running === null && refusal === undefined
  const starter = isFree ? pickStarter(requests, isCooling) : undefined
  return requests.map((request) => {
    const { id } = request
    const isOpenRun = state.running !== null && request.workflowId === state.running.workflowId
    if (isOpenRun || request === starter) return { id, kind: 'start' }
    if (refusal !== undefined) return { id, kind: 'refused', reason: refusal }
    const cause = state.running === null && starter === undefined ? coolingCause(freeAtMs) : openCause(state)
    if (request.workflowId !== undefined) return { id, kind: 'refused', reason: `${cause} ${START_LATER}` }
    return { id, kind: 'queued', reason: `${cause} ${merged(request)}`, notBeforeMs: isCooling ? freeAtMs : nowMs }
  })
}

const PAUSED = 'The model is paused. Resume it with `refit resume`, then ask again.'
const START_LATER = 'A workflow that was started by hand cannot be kept for later: start it again then.'

function budgetRefusal(
  { startsMs }: AdmissionState,
  { runsPerDay }: Pick<Triggers, 'runsPerDay'>,
  nowMs: number,
): string | undefined {
  const recent = startsMs.filter((ms) => nowMs - ms < DAY_MS).sort((a, b) => a - b)
  const blocking = recent.at(-runsPerDay)
  if (blocking === undefined) return undefined
  const freeAt = minuteOf(blocking + DAY_MS)
  return `${count(recent.length)} of ${count(runsPerDay)} runs within 24 hours are used up. The next is free at ${freeAt}.`
}

/** The one request that starts now, if any may. */
function pickStarter(requests: readonly AdmissionRequest[], isCooling: boolean): AdmissionRequest | undefined {
  const urgency = ({ trigger, workflowId }: AdmissionRequest) =>
    (workflowId === undefined ? 0 : 2) + (trigger === 'manual' ? 1 : 0)
  return requests
    .filter(({ trigger }) => !isCooling || trigger === 'manual')
    .toSorted((a, b) => urgency(b) - urgency(a))
    .at(0)
}

const coolingCause = (freeAtMs: number) => `The cooldown lasts until ${minuteOf(freeAtMs)}.`

const openCause = ({ running }: AdmissionState) =>
  running === null ? 'Another request starts a run just now.' : `Run ${running.run} is open.`

const merged = ({ count: messages }: AdmissionRequest) =>
  messages === 1
    ? 'The request is merged into one follow-up run.'
    : `The ${count(messages)} requests are merged into one follow-up run.`

/** To the minute, rounded up, so that who waits until then does not come too early. */
const minuteOf = (ms: number): string =>
  `${new Date(Math.ceil(ms / MINUTE_MS) * MINUTE_MS).toISOString().slice(0, 16).replace('T', ' ')} UTC`
