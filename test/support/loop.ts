/** The whole system for tests: a real server, a supervised worker in a process of its own, a real store. */
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startWorkerProcess, type WorkerProcess } from '../../src/cli/stack/worker-process.js'
import { readConfig } from '../../src/config.js'
import { verifyAccounting } from '../../src/data/verify/verify.js'
import { apply } from '../../src/stages/apply.js'
import type { Ports } from '../../src/stages/ports.js'
import { openPorts } from '../../src/wiring.js'
import { AdmitRequest, type RunResult } from '../../src/workflows/messages.js'
import { lateOrdersSpec } from './late-orders.js'
import { outsideEnvironment } from './refit.js'
import type { TestTemporal } from './temporal.js'

/** The system with model `orders` applied and nothing arrived. */
export interface TestLoop {
  readonly model: string
  readonly folder: string
  readonly landing: string
  readonly ports: Ports
  /** Environment of the worker, for verbs of the command line. */
  readonly env: NodeJS.ProcessEnv
  readonly worker: WorkerProcess
  /** Starts a run and gives its workflow id. */
  start(fields?: object): Promise<string>
  /** Starts a run and waits for its end. */
  run(fields?: object): Promise<RunResult>
  /** What must be true at every end: all rows accounted for, promotions, gap-free history. */
  account(): Promise<{
    holds: boolean
    rowsIn: number
    kept: number
    quarantined: number
    versions: number
    moves: number
  }>
  stop(): Promise<void>
}

/**
 * Starts the system. `dieAt` names a point of `dying-worker.ts`, `by` the signal there: SIGSTOP puts to sleep. `more` are
 * variables of the worker's environment besides its own; the ports of the test open the store that they name, too.
 */
export async function startLoop(
  temporal: TestTemporal,
  {
    dieAt,
    by = 'SIGKILL',
    spec = (text) => text,
    more = {},
    // A name of its own: the server remembers the runs of earlier tests.
    model = `orders-${randomUUID().slice(0, 8)}`,
  }: {
    readonly dieAt?: string
    readonly by?: 'SIGKILL' | 'SIGSTOP'
    readonly spec?: (text: string) => string
    readonly more?: NodeJS.ProcessEnv
    readonly model?: string
  } = {},
): Promise<TestLoop> {
  const folder = join(temporal.folder, randomUUID())
  const landing = join(folder, 'landing')
  await mkdir(landing, { recursive: true })
  const env = {
    ...outsideEnvironment(),
    TEMPORAL_ADDRESS: temporal.address,
    REFIT_STORE: `file:${join(folder, 'store')}`,
    REFIT_SCRATCH: join(folder, 'scratch'),
    ...more,
  }
  const ports = await openPorts(readConfig(env))
  const modelSpec = lateOrdersSpec((text) => spec(text.replace('model: orders', `model: ${model}`)))
  await apply(ports, { spec: modelSpec, folder }, { id: randomUUID(), actor: 'test' })
  const dying = fileURLToPath(new URL('./dying-worker.js', import.meta.url))
  const worker = await startWorkerProcess({
    env,
    folder,
    logFile: join(folder, 'worker.log'),
    ...(dieAt === undefined ? {} : { program: [dying, dieAt, join(folder, 'died'), by] }),
  })
  const start = async (fields: object = {}) => {
    const ruling = await temporal.client.admit(
      model,
      AdmitRequest.parse({ id: randomUUID(), actor: 'test', ...fields }),
    )
    if (ruling.kind !== 'admitted') throw new Error(JSON.stringify(ruling))
    return ruling.workflowId
  }
  return {
    model,
    folder,
    landing,
    ports,
    env,
    worker,
    start,
    run: async (fields) => temporal.client.result(await start(fields)),
    async account() {
      const { holds, rowsIn, kept, quarantined } = await verifyAccounting(ports.data, model)
      const versions = (await ports.registry.versions(model)).length
      const moves = (await ports.registry.history(model, 'champion')).length
      return { holds, rowsIn, kept, quarantined, versions, moves }
    },
    stop: () => worker.stop(),
  }
}
