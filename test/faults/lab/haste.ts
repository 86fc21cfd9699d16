/** Loaded into the workflows of the laboratory: the same waits, shorter, so that a thousand seeds take an hour and not a day. */
import { type WorkflowInterceptors, workflowInfo } from '@temporalio/workflow'

/** A lost worker is noticed after this time, a busy one is not: the laboratory's activities beat ten times as often. */
const HEARTBEAT_TIMEOUT = 4000
const FIRST_RETRY = 100
const LATEST_RETRY = 1000
/** Of a run: between two trainings that an outage has ended. */
const LONGEST_PAUSE = 2000

/** Retries come sooner and heartbeats are missed earlier; how often at most, and what is retried, stays. */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      startTimer: (input, next) => {
        const isRun = workflowInfo().workflowType === 'retrain'
        return next(isRun ? { ...input, durationMs: Math.min(input.durationMs, LONGEST_PAUSE) } : input)
      },
      scheduleActivity: (input, next) => {
        const { options } = input
        // Attempts that are counted keep their pace: faster, they would be over before the fault is.
        const isCounted = options.retry?.maximumAttempts !== undefined
        const haste = { initialInterval: FIRST_RETRY, maximumInterval: LATEST_RETRY }
        const retry = isCounted ? options.retry : { ...options.retry, ...haste }
        return next({ ...input, options: { ...options, heartbeatTimeout: HEARTBEAT_TIMEOUT, ...(retry && { retry }) } })
      },
    },
  ],
})
