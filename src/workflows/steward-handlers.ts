/** What reaches a steward from outside: its updates, signals and query, each laid on the desk. */
import { condition, defineQuery, defineSignal, defineUpdate, log, setHandler, uuid4 } from '@temporalio/workflow'
import { z } from 'zod'
import { AdmitRequest, OUTCOMES, RollbackRequest, type Ruling, type StewardStatus } from './messages.js'
import { validates } from './parse-input.js'
import { quick } from './steps.js'
import type { StewardDesk } from './steward-desk.js'

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

/** Receives everything for the desk. */
export function receiveFor(desk: StewardDesk): void {
  setHandler(admitUpdate, (input) => admit(desk, AdmitRequest.parse(input)), {
    validator: validates(AdmitRequest, 'admit'),
    description: 'Ask for a run: admitted, queued or refused',
  })
  setHandler(rollbackUpdate, (input) => quick.rollBack({ model: desk.model, request: RollbackRequest.parse(input) }), {
    validator: validates(RollbackRequest, 'rollback'),
    description: 'Move the champion back to an earlier version',
  })
  setHandler(triggerSignal, (input) => hear(desk, 'manual', input), {
    description: 'Ask for a run without waiting for the ruling',
  })
  setHandler(alertSignal, (input) => hear(desk, 'alert', input), { description: 'Report an alert about the model' })
  setHandler(runEndedSignal, (input) => hearEnd(desk, input), { description: 'Sent by a run when it has ended' })
  setHandler(pauseSignal, () => desk.setPaused(true), { description: 'Admit no run until resumed' })
  setHandler(resumeSignal, () => desk.setPaused(false), { description: 'Admit runs again' })
  setHandler(stewardStatusQuery, () => desk.status(Date.now()), { description: 'What runs, what is kept, and why' })
}

async function admit(desk: StewardDesk, request: AdmitRequest): Promise<Ruling> {
  desk.lay(request)
  await condition(() => desk.rulingOn(request.id) !== undefined)
  return desk.rulingOn(request.id) ?? { kind: 'refused', reason: 'the ruling is not remembered any more; ask again' }
}

/** A signal has no answer: a malformed one is logged and left, since throwing would fail the steward. */
function hear(desk: StewardDesk, trigger: 'manual' | 'alert', input: unknown): void {
  const fields = typeof input === 'object' && input !== null ? input : {}
  const parsed = AdmitRequest.safeParse({ trigger, id: `signal-${uuid4()}`, ...fields })
  if (parsed.success) desk.lay(parsed.data)
  else log.warn('Ignored a malformed signal', { trigger, problems: z.prettifyError(parsed.error) })
}

function hearEnd(desk: StewardDesk, input: unknown): void {
  const parsed = RunEnded.safeParse(input)
  if (parsed.success) desk.runEnded(parsed.data.workflowId, parsed.data.outcome, Date.now())
}
