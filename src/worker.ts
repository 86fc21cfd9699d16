/** The worker: connects and serves the task queues. */
import { fileURLToPath } from 'node:url'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { createActivities } from './activities/create-activities.js'
import type { Config } from './config.js'
import { messageOf, RefitError } from './errors.js'
import type { Ports } from './stages/ports.js'
import { TASK_QUEUE, TRAINING_QUEUE } from './workflows/messages.js'
import { SEARCH_ATTRIBUTES } from './workflows/search-attributes.js'

/** Where workflow code begins; Temporal bundles it from here. */
const WORKFLOWS = fileURLToPath(new URL('./workflows/index.js', import.meta.url))

/** Modules that all workflows share: what is loaded once need not be loaded at the start of every workflow. */
export const PRELOADED: readonly string[] = [fileURLToPath(new URL('./workflows/preload.js', import.meta.url))]

/** A running worker. */
export interface RefitWorker {
  /** Ends when the worker has been shut down, by `stop` or by a signal. */
  readonly done: Promise<void>
  stop(): void
}

/** Connects, and serves both task queues: orchestration and stages on one, training on the other, one at a time. */
export async function startWorker(config: Config, ports: Ports): Promise<RefitWorker> {
  Runtime.install({ logger: new DefaultLogger(levelOf(config.logLevel)) })
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig()
  const connection = await connect(connectionOptions)
  await requireSearchAttributes(connection, namespace)
  const activities = createActivities(ports)
  const common = { connection, namespace, activities, shutdownGraceTime: '10s' } as const
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: TASK_QUEUE,
      workflowsPath: WORKFLOWS,
      bundlerOptions: { preloadModules: [...PRELOADED] },
      maxConcurrentActivityTaskExecutions: config.concurrency,
    }),
    Worker.create({ ...common, taskQueue: TRAINING_QUEUE, maxConcurrentActivityTaskExecutions: 1 }),
  ])
  const done = Promise.all(workers.map((worker) => worker.run())).then(() => connection.close())
  return { done, stop: () => workers.map((worker) => worker.shutdown()) }
}

async function connect(options: Parameters<typeof NativeConnection.connect>[0]): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(options)
  } catch (thrown) {
    throw new RefitError(
      'TemporalUnavailable',
      `Cannot reach Temporal at ${options?.address ?? 'localhost:7233'}: ${innermost(messageOf(thrown))}. Check TEMPORAL_ADDRESS and that the server runs.`,
      { cause: thrown },
    )
  }
}

/** The native client tells an error as it debugs it, each around the next: the operating system's own words come last. */
const innermost = (told: string): string => [...told.matchAll(/(?:message|error): "([^"]+)"/g)].at(-1)?.[1] ?? told

/** An unknown search attribute would stop every run at its first task, for ever: better to stop here. */
async function requireSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const { customAttributes = {} } = await connection.operatorService.listSearchAttributes({ namespace })
  const missing = SEARCH_ATTRIBUTES.filter((name) => customAttributes?.[name] === undefined)
  if (missing.length === 0) return
  const options = missing.map((name) => `--name ${name} --type Keyword`).join(' ')
  throw new RefitError(
    'TemporalUnavailable',
    `Cannot serve namespace "${namespace}": it lacks the search attributes ${missing.join(', ')}. Register them: temporal operator search-attribute create --namespace ${namespace} ${options}`,
    { permanent: true },
  )
}

const levelOf = (level: Config['logLevel']) => level.toUpperCase() as 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' // the two lists are the same but for case
