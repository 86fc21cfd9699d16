/** The client of Refit: what a program, the command line and the receiver ask of running models. */
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client'
import { ActivityFailure, ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { messageOf, RefitError } from '../errors.js'
import {
  type AdmitRequest,
  type ApprovalRequest,
  type Outcome,
  type RetrainInput,
  type RollbackRequest,
  type Ruling,
  type RunResult,
  type RunStatus,
  runId,
  type StewardStatus,
  stewardId,
  TASK_QUEUE,
} from '../workflows/messages.js'
import { RefitModel, RefitStage, RefitTrigger } from '../workflows/search-attributes.js'
import { failingWork } from './pending-work.js'

/** What can be asked. Rejects with `TemporalUnavailable` when the server does not answer. */
export interface RefitClient {
  /** Asks for a run; the same request id has the same ruling. */
  admit(model: string, request: AdmitRequest): Promise<Ruling>
  /**
   * Starts the workflow of an admitted run; starting it again for the same request changes nothing. Rejects with `Conflict`
   * when Temporal knows another run of that number: the store was emptied, or is another one.
   */
  startRun(start: RunStart): Promise<void>
  /** Whether a workflow is running. */
  isOpen(workflowId: string): Promise<boolean>
  /** The steward's status, or `undefined` when the model has none yet. */
  stewardStatus(model: string): Promise<StewardStatus | undefined>
  /**
   * The status of a run, or `undefined` when its workflow is unknown. It also waits for what failed and is tried again,
   * such as work on a store that is away.
   */
  runStatus(workflowId: string): Promise<RunStatus | undefined>
  /** Waits until a run has ended. */
  result(workflowId: string): Promise<RunResult>
  /** Approves what a run waits for. Rejects with `InvalidInput` when it waits for nothing. */
  approve(workflowId: string, request: ApprovalRequest): Promise<void>
  /** Rejects what a run waits for. */
  reject(workflowId: string, request: ApprovalRequest): Promise<void>
  /** Moves the champion back. Gives the version that serves now. */
  rollback(model: string, request: RollbackRequest): Promise<{ readonly version: number }>
  /** Tells the steward that a run has ended; a model without a steward needs no telling. */
  tellEnded(model: string, ended: { readonly workflowId: string; readonly outcome: Outcome }): Promise<void>
  /** Pauses or resumes a model: a paused model admits no run. */
  setPaused(model: string, paused: boolean): Promise<void>
}

/** An admitted run that is to be started. */
export interface RunStart {
  readonly input: Partial<RetrainInput> & { readonly model: string }
  readonly run: number
  /** Id of the request that was admitted: by it a repeated start is known. */
  readonly requestId: string
}

/**
 * Wraps a Temporal client. A request that a worker must answer is given up after `answerWithinMs`, where that is given: a
 * person at a terminal should hear that no worker runs.
 */
export function createRefitClient(
  client: Client,
  { answerWithinMs }: { readonly answerWithinMs?: number } = {},
): RefitClient {
  const { workflow } = client
  const inTime = <T>(ask: () => Promise<T>): Promise<T> =>
    answerWithinMs === undefined ? ask() : client.withDeadline(Date.now() + answerWithinMs, ask)
  const stewardStart = (model: string) =>
    new WithStartWorkflowOperation<(input: { model: string }) => Promise<void>>('steward', {
      workflowId: stewardId(model),
      taskQueue: TASK_QUEUE,
      args: [{ model }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `Steward of model ${model}`,
    })
  const askSteward = <T>(model: string, update: string, request: { readonly id: string }) =>
    reached(() =>
      inTime(() =>
        workflow.executeUpdateWithStart<(input: { model: string }) => Promise<void>, T, [unknown]>(update, {
          args: [request],
          updateId: request.id,
          startWorkflowOperation: stewardStart(model),
        }),
      ),
    )
  const tellRun = async (workflowId: string, update: string, request: ApprovalRequest) => {
    const handle = workflow.getHandle(workflowId)
    try {
      await inTime(() => handle.executeUpdate<void, [ApprovalRequest]>(update, { args: [request] }))
    } catch (thrown) {
      // The server says "not found" of a run that has ended, too.
      const isOver = thrown instanceof WorkflowNotFoundError && (await known(() => handle.describe())) !== undefined
      throw isOver ? overAlready(update, workflowId) : asRefitError(thrown)
    }
  }

  return {
    admit: (model, request) => askSteward<Ruling>(model, 'admit', request),
    rollback: (model, request) => askSteward<{ version: number }>(model, 'rollback', request),
    approve: (workflowId, request) => tellRun(workflowId, 'approve', request),
    reject: (workflowId, request) => tellRun(workflowId, 'reject', request),

    async startRun({ input, run, requestId }) {
      const { model, trigger = 'manual' } = input
      const workflowId = runId(model, run)
      try {
        await workflow.start('retrain', {
          workflowId,
          taskQueue: TASK_QUEUE,
          args: [input],
          requestEagerStart: true,
          memo: { requestId },
          typedSearchAttributes: [
            { key: RefitModel, value: model },
            { key: RefitTrigger, value: trigger },
            { key: RefitStage, value: 'ingest' },
          ],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          staticSummary: `Run ${run} of model ${model}, started by ${trigger}`,
        })
      } catch (thrown) {
        if (!(thrown instanceof WorkflowExecutionAlreadyStartedError)) throw asRefitError(thrown)
        const { memo } = await workflow.getHandle(workflowId).describe()
        if (memo?.requestId !== requestId) throw otherRun(model, run)
      }
    },

    async isOpen(workflowId) {
      const description = await known(() => workflow.getHandle(workflowId).describe())
      return description?.status.name === 'RUNNING'
    },

    stewardStatus: (model) =>
      known(() => inTime(() => workflow.getHandle(stewardId(model)).query<StewardStatus>('status'))),
    async runStatus(workflowId) {
      const handle = workflow.getHandle(workflowId)
      const status = await known(() => inTime(() => handle.query<RunStatus>('status')))
      if (status === undefined || status.waitingFor !== null || status.stage === 'ended') return status
      const description = await known(() => handle.describe())
      return description === undefined ? status : { ...status, waitingFor: failingWork(description, status.since) }
    },
    result: (workflowId) => reached(() => workflow.result<() => Promise<RunResult>>(workflowId)),

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

/** Runs a request; what the server or the workflow said becomes one clear error. */
async function reached<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (thrown) {
    throw asRefitError(thrown)
  }
}

/** As `reached`, but an unknown workflow is `undefined`. */
async function known<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (thrown) {
    if (thrown instanceof WorkflowNotFoundError) return undefined
    throw asRefitError(thrown)
  }
}

function asRefitError(thrown: unknown): unknown {
  if (thrown instanceof RefitError || thrown instanceof CancelledFailure) return thrown
  if (thrown instanceof WorkflowNotFoundError) {
    return new RefitError('NotFound', `Cannot find workflow "${thrown.workflowId}": Temporal does not know it.`)
  }
  if (thrown instanceof WorkflowUpdateFailedError) {
    const said = applicationFailureIn(thrown.cause)
    if (said !== undefined) return new RefitError(codeOf(said), said.message, { cause: thrown })
  }
  if (isLate(thrown)) {
    return new RefitError(
      'TemporalUnavailable',
      'Temporal took the request, but no worker has answered it. Start one with `refit worker` or `refit dev`.',
      { cause: thrown },
    )
  }
  if (isUnavailable(thrown)) {
    return new RefitError(
      'TemporalUnavailable',
      `Cannot reach Temporal: ${messageOf(thrown)}. Check TEMPORAL_ADDRESS and that the server runs.`,
      { cause: thrown },
    )
  }
  return thrown
}

/** What a handler said: it threw itself, or an activity that it called did. */
function applicationFailureIn(cause: unknown): ApplicationFailure | undefined {
  if (cause instanceof ApplicationFailure) return cause
  return cause instanceof ActivityFailure ? applicationFailureIn(cause.cause) : undefined
}

const codeOf = ({ type }: ApplicationFailure) => (type === 'NotFound' || type === 'Conflict' ? type : 'InvalidInput')

/** What a worker must answer is kept until the deadline, then cancelled: gRPC codes 4 and 1. */
const isLate = (thrown: unknown): boolean =>
  thrown instanceof WorkflowUpdateRPCTimeoutOrCancelledError || [1, 4].includes(Number(grpcCodeOf(thrown)))

/** gRPC code 14. */
const isUnavailable = (thrown: unknown): boolean => grpcCodeOf(thrown) === 14

function grpcCodeOf(thrown: unknown): unknown {
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
}

function otherRun(model: string, run: number): RefitError {
  const reason = 'Temporal knows another run of that number, so the store was emptied or is another one'
  const wayOut = 'Point REFIT_STORE at the store that those runs wrote, or give the model another name.'
  return new RefitError('Conflict', `Cannot start run ${run} of model "${model}": ${reason}. ${wayOut}`)
}

function overAlready(update: string, workflowId: string): RefitError {
  const reason = 'the run has ended and waits for nobody'
  return new RefitError('InvalidInput', `Cannot ${update} "${workflowId}": ${reason}. See \`refit status\`.`)
}
