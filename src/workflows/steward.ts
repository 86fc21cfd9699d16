import {
  ActivityFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow'
import { z } from 'zod'
import type { AdmitRequest } from './messages.js'
import { parseInput } from './parse-input.js'
import { quick } from './steps.js'
import { LOOK_AFTER_MS, StewardDesk, StewardState } from './steward-desk.js'
import { receiveFor } from './steward-handlers.js'

const StewardInput = z.strictObject({
  model: z.string().min(1),
  state: StewardState.optional(),
})

/**
 * The steward of one model: takes every trigger, and is the only one that admits runs.
 *
 * Requests are laid on its desk by handlers; this loop alone rules on them, one after another. It lives as long as the
 * model, and waits without a timer when nothing is open.
 */
export async function steward(input: unknown): Promise<void> {
  const { model, state } = parseInput(StewardInput, input, 'steward')
  const desk = new StewardDesk(model, state)
  receiveFor(desk)
  for (;;) {
    await somethingToDo(desk)
    if (mayHandOver(desk)) break
    await releaseRunThatIsGone(desk)
    await ruleOnRequests(desk)
  }
  await continueAsNew<typeof steward>({ model, state: desk.state() })
}

/**
 * A handler that waits for its ruling needs the loop: the desk is handed over when nobody waits. Handlers finish after
 * the loop has answered them, hence it waits for this moment too: requests alone would never let it come.
 */
const mayHandOver = (desk: StewardDesk): boolean =>
  workflowInfo().continueAsNewSuggested && desk.isClear && allHandlersFinished()

/** Waits for a request, the end of the run, the moment a kept request comes due, or the time to look after the run. */
async function somethingToDo(desk: StewardDesk): Promise<void> {
  const waitMs = desk.running === null ? desk.msUntilFollowUp(Date.now()) : LOOK_AFTER_MS
  const isDue = () => desk.hasNews || mayHandOver(desk)
  if (waitMs === undefined) await condition(isDue)
  else if (waitMs > 0) await condition(isDue, waitMs)
}

/** Before anybody is refused because of a run, that run is looked at. */
async function releaseRunThatIsGone(desk: StewardDesk): Promise<void> {
  const running = desk.running
  if (running === null || !desk.shouldLookAfterRun(Date.now())) return
  desk.lookedAfterRun(Date.now())
  const isOpen = await quick.isRunOpen({ workflowId: running.workflowId })
  if (!isOpen) desk.runIsGone(running.workflowId, Date.now())
}

/** Takes what lies on the desk, has it ruled on, opens the one run that may start, and answers everybody. */
async function ruleOnRequests(desk: StewardDesk): Promise<void> {
  const requests = desk.take(Date.now())
  if (requests.length === 0) return
  // What people wrote is not ruled on, and would make many requests a large payload.
  const questions = requests.map(({ id, trigger, workflowId, count }) => ({ id, trigger, workflowId, count }))
  const question = { model: desk.model, state: desk.admissionState(), requests: questions, nowMs: Date.now() }
  const rulings = await quick.ruleOnRequests(question)
  for (const [i, request] of requests.entries()) {
    const ruling = rulings[i]
    if (ruling === undefined) continue
    if (ruling.kind === 'start') await openRun(desk, request)
    else if (ruling.kind === 'queued') desk.queued(request, ruling)
    else desk.refused(request, ruling.reason)
  }
}

/** A run that cannot be opened for good is refused: the steward itself must outlive it. */
async function openRun(desk: StewardDesk, request: AdmitRequest): Promise<void> {
  try {
    desk.started(request, await quick.openRun({ model: desk.model, request }), Date.now())
  } catch (thrown) {
    if (!(thrown instanceof ActivityFailure) || isCancellation(thrown)) throw thrown
    desk.refused(request, thrown.cause?.message ?? thrown.message)
  }
}
