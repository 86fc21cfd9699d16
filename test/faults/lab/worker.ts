/** The worker of the laboratory: Refit's activities on a store with faults, on the laboratory's hasty workflows. */
import { heartbeat } from '@temporalio/activity'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { z } from 'zod'
import { createActivities } from '../../../src/activities/create-activities.js'
import { readConfig } from '../../../src/config.js'
import { createEmbeddedRegistry } from '../../../src/registry/embedded.js'
import { openPorts } from '../../../src/wiring.js'
import { TASK_QUEUE, TRAINING_QUEUE } from '../../../src/workflows/messages.js'
import { injectFaults } from './faulty-storage.js'
import { noteWrites } from './power.js'
import { SABOTAGES, sabotaged } from './sabotage.js'
import { type Orders, WORKER_IS_READY } from './worker-orders.js'

const HEARTBEAT_EVERY_MS = 400

const orders = z
  .strictObject({
    bundle: z.string(),
    plan: z.string(),
    happened: z.string(),
    journal: z.string(),
    sabotage: z.enum(SABOTAGES),
  })
  .parse(JSON.parse(process.argv[2] ?? '')) satisfies Orders
const config = readConfig(process.env)
if (config.store.startsWith('file:')) {
  const root = config.store.slice('file:'.length)
  noteWrites(root, orders.journal, { ignoresSync: orders.sabotage === 'noFsync' })
}
const ports = await openPorts(config)
const { storage, now } = injectFaults(sabotaged(ports.storage, orders.sabotage), orders)
const activities = createActivities({
  ...ports,
  storage,
  now,
  registry: createEmbeddedRegistry(storage),
  data: { ...ports.data, storage },
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
process.stdout.write(`${WORKER_IS_READY}\n`)
await Promise.all(workers.map((worker) => worker.run()))
