/** The steward's desk: what it remembers, what lies on it, and the handlers that lay things there. */
import { condition, defineQuery, defineSignal, defineUpdate, log, setHandler, uuid4 } from '@temporalio/workflow'
import { z } from 'zod'
import type { AdmissionState } from '../decisions/admission.js'
import { AdmitRequest, OUTCOMES, RollbackRequest, type Ruling, type StewardStatus } from './messages.js'
import { validates } from './parse-input.js'
import { quick } from './steps.js'

const RunningRun = z.strictObject({ run: z.number(), workflowId: z.string() })

/** What survives continue-as-new: bounded, plain data. */
export const StewardState = z.strictObject({
  paused: z.boolean(),
  running: RunningRun.nullable(),
  /** Requests merged into the one follow-up run, and when it may start. */
  pending: z.strictObject({ request: AdmitRequest, notBeforeMs: z.number() }).nullable(),
  lastEndedAtMs: z.number().nullable(),
  lastOutcome: z.enum(OUTCOMES).nullable(),
  /** Starts within the last 24 hours. */
  startsMs: z.array(z.number()),
  /** The latest rulings by request id: the same request again has the same ruling. */
  rulings: z.array(z.tuple([z.string(), z.custom<Ruling>()])),
})
/** What survives continue-as-new. */
export type StewardState = z.infer<typeof StewardState>

const NEW_DESK: StewardState = {
  paused: false,
  running: null,
  pending: null,
  lastEndedAtMs: null,
  lastOutcome: null,
  startsMs: [],
  rulings: [],
}

/** Rulings that are remembered: enough for every message that may be repeated within minutes. */
const MOST_RULINGS = 500
/** Bytes of rulings that are handed over to the next run: with all else they stay below the 64 KB of a payload. */
const MOST_RULINGS_BYTES = 40_000
/** Requests that are ruled on at once: one payload names them. */
const MOST_AT_ONCE = 100
/** Reasons that a merged request keeps. */
const MOST_REASON_LENGTH = 1000
const DAY_MS = 86_400_000

/** Update `admit`: a wish for a run, answered with a ruling. */
export const admitUpdate = defineUpdate<Ruling, [AdmitRequest]>('admit')
/** Update `rollback`: moves the champion back. */
export const rollbackUpdate = defineUpdate<{ version: number }, [RollbackRequest]>('rollback')
/** Signal `trigger`: a wish for a run from who cannot wait for an answer. */
export const triggerSignal = defineSignal<[unknown]>('trigger')
/** Signal `alert`: the same, from monitoring. */
export const alertSignal = defineSignal<[unknown]>('alert')
/** Signal `runEnded`: an admitted run has ended. */
export const runEndedSignal = defineSignal<[unknown]>('runEnded')
/** Signal `pause`: admit no run. */
export const pauseSignal = defineSignal('pause')
/** Signal `resume`: admit runs again. */
export const resumeSignal = defineSignal('resume')
/** Query `status` of a steward. */
export const stewardStatusQuery = defineQuery<StewardStatus>('status')

const RunEnded = z.looseObject({ workflowId: z.string(), outcome: z.enum(OUTCOMES) })

/** The desk as the steward's loop sees it. */
export interface StewardDesk {
  readonly model: string
  running(): { readonly run: number; readonly workflowId: string } | null
  /** True when something came in since the loop last looked. */
  hasNews(): boolean
  /** Milliseconds until kept requests may become a run; undefined when none are kept, or while paused. */
  msUntilFollowUp(nowMs: number): number | undefined
  /** True when a request would be refused because of the run, or nobody looked for a while. */
  shouldLookAfterRun(nowMs: number): boolean
  lookedAfterRun(nowMs: number): void
  /** Takes the requests, at most a hundred of them, the kept one first when it is due. */
  take(nowMs: number): readonly AdmitRequest[]
  admissionState(): AdmissionState
  started(request: AdmitRequest, run: { run: number; workflowId: string }, nowMs: number): void
  queued(request: AdmitRequest, ruling: { readonly reason: string; readonly notBeforeMs: number }): void
  refused(request: AdmitRequest, reason: string): void
  runIsGone(workflowId: string, nowMs: number): void
  /** True when nothing lies on the desk and nobody waits for an answer. */
  isClear(): boolean
  state(): StewardState
}

/** Sets up the desk of a model, with what an earlier steward left on it. */
export function openDesk(model: string, earlier: StewardState = NEW_DESK): StewardDesk {
  let state = earlier
  let inbox: AdmitRequest[] = []
  let news = false
  let lookedMs = 0
  /** The run that said last that it has ended, though none such was open: it may do so before its start is noted. */
  let endedEarly: z.infer<typeof RunEnded> | undefined

  const rulingOf = (id: string) => state.rulings.find(([known]) => known === id)?.[1]
  /** Puts a request on the desk, once: whoever is not sure that it arrived sends it again. */
  const lay = (request: AdmitRequest) => {
    if (rulingOf(request.id) !== undefined || inbox.some(({ id }) => id === request.id)) return
    inbox.push(request)
    news = true
  }
  const answer = (id: string, ruling: Ruling) => {
    const others = state.rulings.filter(([known]) => known !== id)
    state = { ...state, rulings: [...others, [id, ruling] satisfies [string, Ruling]].slice(-MOST_RULINGS) }
  }
  const runIsGone = (workflowId: string, nowMs: number, outcome: StewardState['lastOutcome'] = 'failed') => {
    if (state.running?.workflowId !== workflowId) return
    state = { ...state, running: null, lastEndedAtMs: nowMs, lastOutcome: outcome }
    news = true
  }
  const setPaused = (paused: boolean) => {
    state = { ...state, paused }
    news = true
  }

  setHandler(
    admitUpdate,
    async (input) => {
      const request = AdmitRequest.parse(input)
      lay(request)
      await condition(() => rulingOf(request.id) !== undefined)
      return rulingOf(request.id) ?? { kind: 'refused', reason: 'the ruling is not remembered any more; ask again' }
    },
    { validator: validates(AdmitRequest, 'admit'), description: 'Ask for a run: admitted, queued or refused' },
  )
  setHandler(rollbackUpdate, async (input) => quick.rollBack({ model, request: RollbackRequest.parse(input) }), {
    validator: validates(RollbackRequest, 'rollback'),
    description: 'Move the champion back to an earlier version',
  })
  // A signal has no answer: a malformed one is logged and left, since throwing would fail the steward.
  const hear = (trigger: 'manual' | 'alert') => (input: unknown) => {
    const fields = typeof input === 'object' && input !== null ? input : {}
    const parsed = AdmitRequest.safeParse({ trigger, id: `signal-${uuid4()}`, ...fields })
    if (parsed.success) lay(parsed.data)
    else log.warn('Ignored a malformed signal', { trigger, problems: z.prettifyError(parsed.error) })
  }
  setHandler(triggerSignal, hear('manual'), { description: 'Ask for a run without waiting for the ruling' })
  setHandler(alertSignal, hear('alert'), { description: 'Report an alert about the model' })
  setHandler(
    runEndedSignal,
    (input) => {
      const parsed = RunEnded.safeParse(input)
      if (!parsed.success) return
      const { workflowId, outcome } = parsed.data
      if (state.running?.workflowId === workflowId) runIsGone(workflowId, Date.now(), outcome)
      else endedEarly = parsed.data
    },
    { description: 'Sent by a run when it has ended' },
  )
  setHandler(pauseSignal, () => setPaused(true), { description: 'Admit no run until resumed' })
  setHandler(resumeSignal, () => setPaused(false), { description: 'Admit runs again' })
  setHandler(stewardStatusQuery, () => statusOf(model, state), { description: 'What runs, what is kept, and why' })

  return {
    model,
    running: () => state.running,
    hasNews: () => news,
    msUntilFollowUp(nowMs) {
      if (state.pending === null || state.paused || state.running !== null) return undefined
      return Math.max(0, state.pending.notBeforeMs - nowMs)
    },
    shouldLookAfterRun: (nowMs) =>
      // The run itself asks too, and is open then.
      nowMs - lookedMs >= 60_000 ||
      inbox.some(({ workflowId }) => workflowId !== undefined && workflowId !== state.running?.workflowId),
    lookedAfterRun(nowMs) {
      lookedMs = nowMs
    },
    take(nowMs) {
      const { pending } = state
      const isDue = pending !== null && !state.paused && state.running === null && nowMs >= pending.notBeforeMs
      if (isDue) state = { ...state, pending: null }
      // A request may have come once more while it was being ruled on.
      const fresh = inbox.filter(({ id }) => rulingOf(id) === undefined)
      const first = fresh.slice(0, MOST_AT_ONCE)
      const taken = isDue ? [pending.request, ...first] : first
      inbox = fresh.slice(MOST_AT_ONCE)
      news = inbox.length > 0
      return taken
    },
    admissionState: () => ({
      paused: state.paused,
      running: state.running,
      lastEndedAtMs: state.lastEndedAtMs,
      startsMs: state.startsMs,
    }),
    started(request, run, nowMs) {
      const startsMs = [...state.startsMs.filter((ms) => nowMs - ms < DAY_MS), nowMs]
      state = { ...state, running: run, startsMs }
      lookedMs = nowMs
      answer(request.id, { kind: 'admitted', ...run })
      if (endedEarly?.workflowId === run.workflowId) runIsGone(run.workflowId, nowMs, endedEarly.outcome)
    },
    queued(request, { reason, notBeforeMs }) {
      state = { ...state, pending: { request: merge(state.pending?.request, request), notBeforeMs } }
      answer(request.id, { kind: 'queued', reason })
    },
    refused: (request, reason) => answer(request.id, { kind: 'refused', reason }),
    runIsGone,
    isClear: () => inbox.length === 0,
    state: () => ({ ...state, rulings: latest(state.rulings) }),
  }
}

/** The latest rulings that fit into what is handed over. */
function latest(rulings: StewardState['rulings']): StewardState['rulings'] {
  const encoder = new TextEncoder()
  let bytes = 0
  let first = rulings.length
  while (first > 0 && bytes <= MOST_RULINGS_BYTES) {
    first--
    bytes += encoder.encode(JSON.stringify(rulings[first])).length
  }
  return rulings.slice(bytes > MOST_RULINGS_BYTES ? first + 1 : first)
}

/** Makes one request of two: the first one's identity, everybody's reasons, counted. */
function merge(kept: AdmitRequest | undefined, next: AdmitRequest): AdmitRequest {
  if (kept === undefined) return next
  const isSaid = next.reason === '' || kept.reason.includes(next.reason)
  const reason = isSaid ? kept.reason : `${kept.reason}; ${next.reason}`
  return { ...kept, count: kept.count + next.count, reason: reason.slice(0, MOST_REASON_LENGTH) }
}

function statusOf(model: string, state: StewardState): StewardStatus {
  const { paused, running, pending, lastOutcome, startsMs } = state
  return {
    model,
    paused,
    running,
    pending: pending === null ? null : { count: pending.request.count, reasons: pending.request.reason.split('; ') },
    lastOutcome,
    runsLast24Hours: startsMs.filter((ms) => Date.now() - ms < DAY_MS).length,
  }
}
