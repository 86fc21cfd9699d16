/** Who may run: the activities around the steward. */
import { getClient } from '@temporalio/activity'
import { createRefitClient } from '../client/client.js'
import { type AdmissionRequest, type AdmissionState, ruleOnAdmission } from '../decisions/admission.js'
import { isRefitError } from '../errors.js'
import { numberRun, runAt } from '../ledger/run-ledger.js'
import { latestSpec } from '../ledger/spec-revisions.js'
import type { Ports } from '../stages/ports.js'
import { type AdmitRequest, type Ruling, runId, runNumberOf } from '../workflows/messages.js'

/** What the steward asks when requests lie on its desk. */
export interface RulingQuestion {
  readonly model: string
  readonly state: AdmissionState
  readonly requests: readonly AdmissionRequest[]
  readonly nowMs: number
}

/** Activities of admission. */
export function admissionActivities({ storage }: Pick<Ports, 'storage'>) {
  return {
    /** Asks the steward of the model, which is started when there is none; a run that it opened needs no second answer. */
    async admit({ model, request }: { model: string; request: AdmitRequest }): Promise<Ruling> {
      const opened = await openedRun(storage, model, request)
      return opened ?? createRefitClient(getClient()).admit(model, request)
    },

    /** Rules on requests by the spec's limits; a model without a spec refuses all of them. */
    async ruleOnRequests({ model, state, requests, nowMs }: RulingQuestion) {
      try {
        const { spec } = await latestSpec(storage, model)
        return ruleOnAdmission(state, requests, spec.triggers, nowMs)
      } catch (thrown) {
        if (!isRefitError(thrown, 'NotFound')) throw thrown
        return requests.map(({ id }) => ({ id, kind: 'refused' as const, reason: thrown.message }))
      }
    },

    /** Numbers an admitted run and starts it, unless it is the workflow that asked for itself. */
    async openRun({ model, request }: { model: string; request: AdmitRequest }) {
      const { workflowId: asking } = request
      const run = await numberRun(storage, model, { request, ...(asking === undefined ? {} : { workflowId: asking }) })
      if (asking !== undefined) return { run, workflowId: asking }
      const { input, trigger, reason, actor } = request
      await createRefitClient(getClient()).startRun({
        input: { ...input, model, trigger, reason, actor },
        run,
        requestId: request.id,
      })
      return { run, workflowId: runId(model, run) }
    },

    /** Whether the workflow of a run is still open. */
    async isRunOpen({ workflowId }: { workflowId: string }): Promise<boolean> {
      return createRefitClient(getClient()).isOpen(workflowId)
    },
  }
}

/**
 * The ruling on a request that the steward has opened a run for: it stands in the ledger, under the number that the
 * workflow is named by. Of any other request nothing is found here, and the steward is asked.
 */
async function openedRun(storage: Ports['storage'], model: string, request: AdmitRequest): Promise<Ruling | undefined> {
  const { id, workflowId } = request
  const run = workflowId === undefined ? undefined : runNumberOf(model, workflowId)
  if (workflowId === undefined || run === undefined) return undefined
  const numbered = await runAt(storage, model, run)
  if (numbered?.request.id !== id || numbered.workflowId !== undefined) return undefined
  return { kind: 'admitted', run, workflowId }
}
