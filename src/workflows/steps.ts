/** The steps of the process: activity proxies with their timeouts and retries, one profile for each kind of work. */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/create-activities.js'
import { TRAINING_QUEUE } from './messages.js'

/**
 * A store or a server that is down for a day must not end a run: passing errors are retried for as long as it takes,
 * at most half a minute apart. What a retry cannot mend is thrown as not retryable.
 */
const PATIENT = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' } as const

/** A lost worker is noticed within this time; heartbeats come every 3 s. */
const HEARTBEAT = '15s'

/** Short reads and writes of the store, the registry and the steward. */
export const quick = proxyActivities<Activities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: HEARTBEAT,
  retry: PATIENT,
})

/** Work that reads rows: ingestion, drift, selection, examination. */
export const rows = proxyActivities<Activities>({
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: HEARTBEAT,
  retry: PATIENT,
})

/**
 * Training, on a queue of its own. A training that fails five times in a row fails the run; a run that is cancelled waits
 * until its training has stopped, so that the next one does not share the machine with it.
 */
export const training = (timeoutMinutes: number) =>
  proxyActivities<Activities>({
    taskQueue: TRAINING_QUEUE,
    startToCloseTimeout: `${timeoutMinutes} minutes`,
    heartbeatTimeout: HEARTBEAT,
    retry: { ...PATIENT, maximumAttempts: 5 },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  })
