/** Who may run: the activities around the steward. */
import { getClient } from '@temporalio/activity'
import { createRefitClient } from '../client/client.js'
import { type AdmissionRequest, type AdmissionState, ruleOnAdmission } from '../decisions/admission.js'
import { RefitError } from '../errors.js'
import { numberRun } from '../ledger/run-ledger.js'
import { latestSpec } from '../ledger/spec-revisions.js'
import type { Ports } from '../stages/ports.js'
import { type AdmitRequest, type Ruling, runId } from '../workflows/messages.js'

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
    /** Asks the steward of the model, which is started when there is none. */
    async admit({ model, request }: { model: string; request: AdmitRequest }): Promise<Ruling> {
      return createRefitClient(getClient()).admit(model, request)
    },

    /** Rules on requests by the spec's limits; a model without a spec refuses all of them. */
    async ruleOnRequests({ model, state, requests, nowMs }: RulingQuestion) {
      try {
        const { spec } = await latestSpec(storage, model)
        return ruleOnAdmission(state, requests, spec.triggers, nowMs)
      } catch (thrown) {
        if (!(thrown instanceof RefitError) || thrown.code !== 'NotFound') throw thrown
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
