/** The steward's desk: what it remembers, and what lies on it. It knows nothing of Temporal. */
import { z } from 'zod'
import type { AdmissionState } from '../decisions/admission.js'
import { AdmitRequest, OUTCOMES, type Outcome, type Ruling, type StewardStatus } from './messages.js'

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
/** An admitted run is looked after this often: one that was terminated from outside cannot say so. */
export const LOOK_AFTER_MS = 60_000

/** A run that is open. */
type RunningRun = z.infer<typeof RunningRun>

/** The desk of one model, with what an earlier steward left on it. Times are milliseconds since 1970. */
export class StewardDesk {
  #state: StewardState
  #inbox: AdmitRequest[] = []
  /** True when something came in since the loop last looked. */
  #news = false
  #lookedMs = 0
  /** The run that said last that it has ended, though none such was open: it may do so before its start is noted. */
  #endedEarly: { readonly workflowId: string; readonly outcome: Outcome } | undefined

  constructor(
    readonly model: string,
    earlier: StewardState = NEW_DESK,
  ) {
    this.#state = earlier
  }

  /** Puts a request on the desk, once: whoever is not sure that it arrived sends it again. */
  lay(request: AdmitRequest): void {
    if (this.rulingOn(request.id) !== undefined || this.#inbox.some(({ id }) => id === request.id)) return
    this.#inbox.push(request)
    this.#news = true
  }

  /** The ruling on a request, once there is one. */
  rulingOn(id: string): Ruling | undefined {
    return this.#state.rulings.find(([known]) => known === id)?.[1]
  }

  setPaused(paused: boolean): void {
    this.#state = { ...this.#state, paused }
    this.#news = true
  }

  /** A run says that it has ended. */
  runEnded(workflowId: string, outcome: Outcome, nowMs: number): void {
    if (this.running?.workflowId === workflowId) this.runIsGone(workflowId, nowMs, outcome)
    else this.#endedEarly = { workflowId, outcome }
  }

  get running(): RunningRun | null {
    return this.#state.running
  }

  get hasNews(): boolean {
    return this.#news
  }

  /** True when nothing lies on the desk and nobody waits for an answer. */
  get isClear(): boolean {
    return this.#inbox.length === 0
  }

  /** Milliseconds until kept requests may become a run; undefined when none are kept, or while paused. */
  msUntilFollowUp(nowMs: number): number | undefined {
    const { pending, paused, running } = this.#state
    return pending === null || paused || running !== null ? undefined : Math.max(0, pending.notBeforeMs - nowMs)
  }

  /** True when a request would be refused because of the run, or nobody looked for a while. */
  shouldLookAfterRun(nowMs: number): boolean {
    const asksForItself = ({ workflowId }: AdmitRequest) => workflowId !== undefined
    return nowMs - this.#lookedMs >= LOOK_AFTER_MS || this.#inbox.some(asksForItself)
  }

  lookedAfterRun(nowMs: number): void {
    this.#lookedMs = nowMs
  }

  /** Takes the requests, at most a hundred of them, the kept one first when it is due. */
  take(nowMs: number): readonly AdmitRequest[] {
    const { pending } = this.#state
    const isDue = pending !== null && this.msUntilFollowUp(nowMs) === 0
    if (isDue) this.#state = { ...this.#state, pending: null }
    // A request may have come once more while it was being ruled on.
    const fresh = this.#inbox.filter(({ id }) => this.rulingOn(id) === undefined)
    const first = fresh.slice(0, MOST_AT_ONCE)
    this.#inbox = fresh.slice(MOST_AT_ONCE)
    this.#news = this.#inbox.length > 0
    return isDue ? [pending.request, ...first] : first
  }

  /** What the rules of admission look at. */
  admissionState(): AdmissionState {
    const { paused, running, lastEndedAtMs, startsMs } = this.#state
    return { paused, running, lastEndedAtMs, startsMs }
  }

  /** A run was opened for the request. */
  started(request: AdmitRequest, run: RunningRun, nowMs: number): void {
    const startsMs = [...this.#state.startsMs.filter((ms) => nowMs - ms < DAY_MS), nowMs]
    this.#state = { ...this.#state, running: run, startsMs }
    this.#lookedMs = nowMs
    this.#answer(request.id, { kind: 'admitted', ...run })
    const early = this.#endedEarly
    if (early?.workflowId === run.workflowId) this.runIsGone(run.workflowId, nowMs, early.outcome)
  }

  /** The request is kept, merged into the one follow-up run. */
  queued(
    request: AdmitRequest,
    { reason, notBeforeMs }: { readonly reason: string; readonly notBeforeMs: number },
  ): void {
    this.#state = { ...this.#state, pending: { request: merge(this.#state.pending?.request, request), notBeforeMs } }
    this.#answer(request.id, { kind: 'queued', reason })
  }

  refused(request: AdmitRequest, reason: string): void {
    this.#answer(request.id, { kind: 'refused', reason })
  }

  /** The run is open no more; one that did not say how it ended has failed. */
  runIsGone(workflowId: string, nowMs: number, outcome: Outcome = 'failed'): void {
    if (this.running?.workflowId !== workflowId) return
    this.#state = { ...this.#state, running: null, lastEndedAtMs: nowMs, lastOutcome: outcome }
    this.#news = true
  }

  /** What is handed over to the next run of the steward. */
  state(): StewardState {
    return { ...this.#state, rulings: latest(this.#state.rulings) }
  }

  status(nowMs: number): StewardStatus {
    const { paused, running, pending, lastOutcome, startsMs } = this.#state
    return {
      model: this.model,
      paused,
      running,
      pending: pending === null ? null : { count: pending.request.count, reasons: pending.request.reason.split('; ') },
      lastOutcome,
      runsLast24Hours: startsMs.filter((ms) => nowMs - ms < DAY_MS).length,
    }
  }

  #answer(id: string, ruling: Ruling): void {
    const others = this.#state.rulings.filter(([known]) => known !== id)
    this.#state = { ...this.#state, rulings: [...others, [id, ruling] satisfies [string, Ruling]].slice(-MOST_RULINGS) }
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
