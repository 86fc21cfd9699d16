/** How requests end: with an answer, or with one clear error made of what Temporal and the workflow said. */
import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client'
import { ActivityFailure, ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { messageOf, RefitError } from '../errors.js'

/** Runs a request. Rejects with a `RefitError`, or with what nobody foresaw. */
export async function reached<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (thrown) {
    throw asRefitError(thrown)
  }
}

/** As `reached`, but an unknown workflow is `undefined`. */
export async function known<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (thrown) {
    if (thrown instanceof WorkflowNotFoundError) return undefined
    throw asRefitError(thrown)
  }
}

/** What was thrown, as the error of the client; what nobody foresaw stays as it is. */
export function asRefitError(thrown: unknown): unknown {
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
