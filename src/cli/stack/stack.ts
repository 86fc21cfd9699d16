/** Everything that `refit dev` and the demonstration run: a Temporal server, a worker, the web side. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectRefit, type RefitConnection } from '../../client/connect.js'
import { type Config, readConfig } from '../../config.js'
import { type RunningServer, startTemporalServer } from '../../server/start-temporal-server.js'
import type { Ports } from '../../stages/ports.js'
import type { RunningWeb } from '../../web/start-web.js'
import { openPorts } from '../../wiring.js'
import { SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.js'
import { startServing } from '../serve.js'
import { preferPort } from './prefer-port.js'
import { searchTemporal } from './search-temporal.js'
import { stackFile } from './stack-file.js'
import { startWorkerProcess, type WorkerProcess } from './worker-process.js'

/** A running stack. */
export interface Stack {
  readonly config: Config
  readonly ports: Ports
  readonly connection: RefitConnection
  readonly worker: WorkerProcess
  /** Address of the receiver, the pages and the serving endpoint. */
  readonly webAddress: string
  /** Address of the Temporal UI; undefined for a server that somebody else runs. */
  readonly temporalUi: string | undefined
  /** Ends all of it, the worker first. */
  stop(): Promise<void>
}

/** Where to keep things, and what to say. */
export interface StackOptions {
  /** The folder that verbs are called in; `.refit` in it holds the store, the server's database and logs. */
  readonly folder: string
  /** Shows a line to the person. */
  readonly say: (line: string) => void
  readonly environment: NodeJS.ProcessEnv
  readonly onWorkerRestart?: (code: number | null, signal: string | null) => void
}

/** Starts everything, in order, and stops what was started when a later part fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { folder, say } = options
  const home = join(folder, '.refit')
  await mkdir(home, { recursive: true })
  const parts: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const end of parts.splice(0).reverse()) await end()
  }
  try {
    const server = await startServer(options, home)
    if (server.stop !== undefined) parts.push(server.stop)
    const environment = stackEnvironment(options.environment, folder, server, await preferPort(8700))
    // The parent's own client and configuration read the process's environment, as every verb does.
    Object.assign(process.env, environment)
    const config = readConfig(environment)
    // Before the worker: it wants a store that is there.
    const ports = await openPorts(config)
    const worker = await startWorkerProcess({
      env: environment,
      folder,
      logFile: join(home, 'worker.log'),
      ...(options.onWorkerRestart === undefined ? {} : { onRestart: options.onWorkerRestart }),
    })
    parts.push(() => worker.stop())
    const web: RunningWeb = await startServing(config, ports, await connectRefit())
    parts.push(() => web.close())
    const connection = await connectRefit()
    parts.push(() => connection.close())
    await writeFile(stackFile(folder), JSON.stringify({ pid: process.pid, temporalAddress: server.address }))
    parts.push(() => rm(stackFile(folder), { force: true }))
    say(`  web: ${web.address}${server.uiAddress === undefined ? '' : `   Temporal UI: ${server.uiAddress}`}`)
    return { config, ports, connection, worker, webAddress: web.address, temporalUi: server.uiAddress, stop }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

type ServerPart = Pick<RunningServer, 'address' | 'uiAddress'> & { readonly stop?: () => Promise<void> }

/** The server that the environment names, or one of our own on a file in the folder. */
async function startServer({ say, environment }: StackOptions, home: string): Promise<ServerPart> {
  const found = await searchTemporal(say, environment)
  if (found.kind === 'address') return { address: found.address, uiAddress: environment.REFIT_TEMPORAL_UI }
  const server = await startTemporalServer({
    binary: found.path,
    databaseFile: join(home, 'temporal.db'),
    port: await preferPort(7233),
    uiPort: await preferPort(8233),
    searchAttributes: SEARCH_ATTRIBUTES,
    logFile: join(home, 'temporal.log'),
    outlivesInterrupt: true,
  })
  return { address: server.address, uiAddress: server.uiAddress, stop: () => server.stop() }
}

/**
 * The environment of everything in the stack. Who runs a stack on a machine of their own is its operator: specs in the
 * folder may name any program unless the environment says otherwise.
 */
function stackEnvironment(
  given: NodeJS.ProcessEnv,
  folder: string,
  server: ServerPart,
  webPort: number,
): NodeJS.ProcessEnv {
  return {
    REFIT_PORT: String(webPort),
    REFIT_STORE: `file:${join(folder, '.refit', 'store')}`,
    REFIT_SCRATCH: join(folder, '.refit', 'scratch'),
    REFIT_PREDICTIONS: join(folder, '.refit', 'predictions'),
    REFIT_ALLOW_COMMANDS: '*',
    ...given,
    TEMPORAL_ADDRESS: server.address,
    ...(server.uiAddress === undefined ? {} : { REFIT_TEMPORAL_UI: server.uiAddress }),
  }
}
