/** A real Temporal server and workers for tests: on loopback, on free ports, on a file of the test's own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker'
import type { Activities } from '../../src/activities/create-activities.js'
import { createRefitClient, type RefitClient } from '../../src/client/client.js'
import { findTemporalServer } from '../../src/server/find-temporal-server.js'
import { freePort } from '../../src/server/ports.js'
import { type RunningServer, startTemporalServer } from '../../src/server/start-temporal-server.js'
import { PRELOADED } from '../../src/worker.js'
import { TASK_QUEUE, TRAINING_QUEUE } from '../../src/workflows/messages.js'
import { SEARCH_ATTRIBUTES } from '../../src/workflows/search-attributes.js'

/** A server of the test's own with a client. */
export interface TestTemporal {
  readonly server: RunningServer
  readonly address: string
  readonly temporal: Client
  readonly client: RefitClient
  readonly folder: string
  /** Ends the server as a crash would. */
  crash(): Promise<void>
  /** Starts it again after a crash, on its file, where it was. */
  revive(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server on a file in a temporary folder, with limits of its own where a test wants to reach them. */
export async function startTestTemporal(limits: Readonly<Record<string, number>> = {}): Promise<TestTemporal> {
  const found = await findTemporalServer({ env: withoutAddress(), report: () => {} })
  if (found.kind !== 'binary') throw new Error('A test starts its own server')
  const folder = await mkdtemp(join(tmpdir(), 'refit-test-'))
  const options = {
    binary: found.path,
    databaseFile: join(folder, 'temporal.db'),
    port: await freePort(),
    searchAttributes: SEARCH_ATTRIBUTES,
    limits,
    logFile: join(folder, 'temporal.log'),
  }
  let server = await startTemporalServer(options)
  const connection = await Connection.connect({ address: server.address })
  const temporal = new Client({ connection })
  return {
    get server() {
      return server
    },
    address: server.address,
    temporal,
    client: createRefitClient(temporal),
    folder,
    crash: () => server.kill(),
    async revive() {
      server = await startTemporalServer(options)
    },
    async stop() {
      await connection.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

let bundle: Promise<WorkflowBundle> | undefined

/** The workflows, bundled once in a test process. */
export function workflowBundle(): Promise<WorkflowBundle> {
  const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.js', import.meta.url))
  const preloadModules = [...PRELOADED]
  bundle ??= bundleWorkflowCode({ workflowsPath, preloadModules, logger: new DefaultLogger('ERROR') })
  return bundle
}

/** Runs a worker with the activities given while `body` runs. */
export async function withWorker(address: string, activities: Activities, body: () => Promise<void>): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  const connection = await NativeConnection.connect({ address })
  const common = { connection, activities, shutdownGraceTime: '1s' } as const
  const workers = [
    await Worker.create({ ...common, taskQueue: TASK_QUEUE, workflowBundle: await workflowBundle() }),
    await Worker.create({ ...common, taskQueue: TRAINING_QUEUE }),
  ]
  const running = Promise.all(workers.map((worker) => worker.run()))
  try {
    await body()
  } finally {
    for (const worker of workers) worker.shutdown()
    await running
    await connection.close()
  }
}

/** A test never uses the server that a person works with. */
function withoutAddress(): NodeJS.ProcessEnv {
  const { TEMPORAL_ADDRESS: _, ...rest } = process.env
  return rest
}
