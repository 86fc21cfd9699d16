/** What is asked of the steward of a model. It is started when there is none. */
import { type Client, WithStartWorkflowOperation } from '@temporalio/client'
import { type Ruling, type StewardStatus, stewardId, TASK_QUEUE } from '../workflows/messages.js'
import { known, reached } from './answers.js'
import type { RefitClient } from './client.js'
import type { Patience } from './patience.js'

/** The requests of `RefitClient` that the steward answers. */
export type StewardRequests = Pick<RefitClient, 'admit' | 'rollback' | 'stewardStatus' | 'tellEnded' | 'setPaused'>

type StewardWorkflow = (input: { model: string }) => Promise<void>

/** Asks stewards through a Temporal client. */
export function stewardRequests({ workflow }: Client, inTime: Patience): StewardRequests {
  const ask = <T>(model: string, update: string, request: { readonly id: string }) =>
    reached(() =>
      inTime(() =>
        workflow.executeUpdateWithStart<StewardWorkflow, T, [unknown]>(update, {
          args: [request],
          updateId: request.id,
          startWorkflowOperation: startOf(model),
        }),
      ),
    )

  return {
    admit: (model, request) => ask<Ruling>(model, 'admit', request),
    rollback: (model, request) => ask<{ version: number }>(model, 'rollback', request),

    stewardStatus: (model) =>
      known(() => inTime(() => workflow.getHandle(stewardId(model)).query<StewardStatus>('status'))),

    async tellEnded(model, ended) {
      await known(() => workflow.getHandle(stewardId(model)).signal('runEnded', ended))
    },

    async setPaused(model, paused) {
      await reached(() =>
        workflow.signalWithStart('steward', {
          workflowId: stewardId(model),
          taskQueue: TASK_QUEUE,
          args: [{ model }],
          signal: paused ? 'pause' : 'resume',
          signalArgs: [],
        }),
      )
    },
  }
}

const startOf = (model: string) =>
  new WithStartWorkflowOperation<StewardWorkflow>('steward', {
    workflowId: stewardId(model),
    taskQueue: TASK_QUEUE,
    args: [{ model }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Steward of model ${model}`,
  })
