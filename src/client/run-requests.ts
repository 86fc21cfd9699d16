/** What is asked of runs, and how one is started. */
import {
  type Client,
  QueryNotRegisteredError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client'
import { RefitError } from '../errors.js'
import { type ApprovalRequest, type RunResult, type RunStatus, runId, TASK_QUEUE } from '../workflows/messages.js'
import { RefitModel, RefitStage, RefitTrigger } from '../workflows/search-attributes.js'
import { asRefitError, known, reached } from './answers.js'
import type { OpenRun, RefitClient, RunStart } from './client.js'
import type { Patience } from './patience.js'
import { describeFamily, failingText, failingWork } from './pending-work.js'

/** The requests of `RefitClient` that runs answer. */
export type RunRequests = Pick<
  RefitClient,
  'startRun' | 'isOpen' | 'runStatus' | 'openRuns' | 'result' | 'approve' | 'reject'
>

/** Starts and asks runs through a Temporal client. */
export function runRequests(client: Client, inTime: Patience): RunRequests {
  const { workflow } = client
  const tell = async (workflowId: string, update: string, request: ApprovalRequest) => {
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
    startRun: (start) => startRun(client, start),
    approve: (workflowId, request) => tell(workflowId, 'approve', request),
    reject: (workflowId, request) => tell(workflowId, 'reject', request),
    result: (workflowId) => reached(() => workflow.result<() => Promise<RunResult>>(workflowId)),

    async isOpen(workflowId) {
      const description = await known(() => workflow.getHandle(workflowId).describe())
      return description?.status.name === 'RUNNING'
    },

    openRuns: () => reached(() => openRuns(client)),

    async runStatus(workflowId) {
      const status = await known(() => inTime(() => workflow.getHandle(workflowId).query<RunStatus>('status')))
      if (status === undefined || status.waitingFor !== null || status.stage === 'ended') return status
      return withFamily(client, workflowId, status)
    },
  }
}

/** Adds what the run itself does not see: how far its children are, and what fails and is tried again. */
async function withFamily(client: Client, workflowId: string, status: RunStatus): Promise<RunStatus> {
  const family = await describeFamily(client, workflowId)
  const failing = failingWork(family)
  const children = family.filter(({ workflowId: id }) => id !== workflowId)
  const told = await Promise.all(children.map(({ workflowId: id }) => progressOf(client, id)))
  const progress = told.find((text) => text !== undefined) ?? status.progress ?? null
  const seen = { ...status, progress }
  return failing === undefined ? seen : { ...seen, failing, waitingFor: failingText(failing) }
}

/** Runs that a page of a person shows. */
const MOST_OPEN_RUNS = 100

async function openRuns({ workflow }: Client): Promise<readonly OpenRun[]> {
  const runs: OpenRun[] = []
  for await (const { workflowId, typedSearchAttributes } of workflow.list({
    query: 'WorkflowType = "retrain" AND ExecutionStatus = "Running"',
  })) {
    const model = typedSearchAttributes.get(RefitModel)
    if (model !== undefined) runs.push({ model, workflowId })
    if (runs.length === MOST_OPEN_RUNS) break
  }
  return runs
}

/** What a child says of itself; nothing while it has ended, or runs on a worker that knows no such query. */
async function progressOf({ workflow }: Client, workflowId: string): Promise<string | undefined> {
  try {
    return await known(() => workflow.getHandle(workflowId).query<string>('progress'))
  } catch (thrown) {
    if (thrown instanceof QueryNotRegisteredError) return undefined
    throw thrown
  }
}

async function startRun({ workflow }: Client, { input, run, requestId }: RunStart): Promise<void> {
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
