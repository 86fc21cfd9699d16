/** The client of Refit: what a program, the command line and the receiver ask of running models. */
import type { Client } from '@temporalio/client'
import type {
  AdmitRequest,
  ApprovalRequest,
  Outcome,
  RetrainInput,
  RollbackRequest,
  Ruling,
  RunResult,
  RunStatus,
  StewardStatus,
} from '../workflows/messages.js'
import { patienceOf } from './patience.js'
import { runRequests } from './run-requests.js'
import { stewardRequests } from './steward-requests.js'

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
  /** Runs that have not ended, of all models, newest first; a hundred at most. It needs no worker and no store. */
  openRuns(): Promise<readonly OpenRun[]>
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

/** A run that has not ended. */
export interface OpenRun {
  readonly model: string
  readonly workflowId: string
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
  const inTime = patienceOf(client, answerWithinMs)
  return { ...stewardRequests(client, inTime), ...runRequests(client, inTime) }
}
