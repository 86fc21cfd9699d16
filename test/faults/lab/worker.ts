/** The worker of the laboratory: Refit's activities on stores with faults, on the laboratory's hasty workflows. */
import { heartbeat } from '@temporalio/activity'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { createActivities } from '../../../src/activities/create-activities.js'
import { readConfig } from '../../../src/config.js'
import { createEmbeddedRegistry } from '../../../src/registry/embedded.js'
import { drain } from '../../../src/spool/drain.js'
import { openPorts, openSource } from '../../../src/wiring.js'
import { TASK_QUEUE, TRAINING_QUEUE } from '../../../src/workflows/messages.js'
import { readOrders, sayReady } from './orders.js'
import { openLabStores } from './stores.js'

const HEARTBEAT_EVERY_MS = 400

const orders = readOrders()
const config = readConfig(process.env)
const { storage, spool, now } = await openLabStores(config, orders, 'worker')
const ports = await openPorts(config)
const activities = createActivities({
  ...ports,
  storage,
  now,
  registry: createEmbeddedRegistry(storage),
  data: { ...ports.data, storage },
  openSource: (revision) => openSource(revision, storage),
  drainSpool: (model, signal) => drain({ store: storage, spool }, model, signal),
})

Runtime.install({ logger: new DefaultLogger('ERROR') })
const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '' })
const common = {
  connection,
  activities,
  shutdownGraceTime: '1s',
  maxHeartbeatThrottleInterval: HEARTBEAT_EVERY_MS,
  // A worker that sleeps swallows one task for each of its polls: few, so that the other one gets its turn soon.
  maxConcurrentActivityTaskPolls: 1,
  interceptors: {
    activity: [
      () => ({
        inbound: {
          execute: async (input, next) => {
            const timer = setInterval(() => heartbeat(), HEARTBEAT_EVERY_MS)
            return next(input).finally(() => clearInterval(timer))
          },
        },
      }),
    ],
  },
} satisfies Partial<Parameters<typeof Worker.create>[0]>
const workers = await Promise.all([
  Worker.create({
    ...common,
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath: orders.bundle },
    maxConcurrentWorkflowTaskPolls: 2,
    stickyQueueScheduleToStartTimeout: '1s',
    maxConcurrentActivityTaskExecutions: config.concurrency,
  }),
  Worker.create({ ...common, taskQueue: TRAINING_QUEUE, maxConcurrentActivityTaskExecutions: 1 }),
])
// Ends with the laboratory, however that ended.
process.once('disconnect', () => process.exit(0))
sayReady()
await Promise.all(workers.map((worker) => worker.run()))
