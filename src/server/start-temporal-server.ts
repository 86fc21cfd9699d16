import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, RefitError } from '../errors.js'
import { isServing } from './health.js'
import { freePort, LOOPBACK } from './ports.js'
import { serverArguments } from './server-arguments.js'

/** How a server is started. */
export interface ServerOptions {
  /** Path of the program, as `findTemporalServer` gives it. */
  readonly binary: string
  /** File of the database: what it holds outlives the server. Without one all is in memory. */
  readonly databaseFile?: string
  /** Namespace to create; `default` exists always. */
  readonly namespace?: string
  /** Port of the gRPC service; a free one by default. */
  readonly port?: number
  /** Port of the web UI; a free one by default. */
  readonly uiPort?: number | 'none'
  /** Names of keyword search attributes to register. */
  readonly searchAttributes: readonly string[]
  /** Limits of the server besides its own, by the names of its dynamic configuration. */
  readonly limits?: Readonly<Record<string, number>>
  /** File that the server's output is appended to. */
  readonly logFile: string
  /** Ctrl-C in a terminal reaches the caller only, who then stops the server when all else has ended. */
  readonly outlivesInterrupt?: boolean
  /** Longest time until it serves; 30 s by default. */
  readonly startTimeoutMs?: number
}

/** A server that serves. It ends with the process that started it, unless that one is killed. */
export interface RunningServer {
  /** `host:port` of the gRPC service. */
  readonly address: string
  /** URL of the web UI; `undefined` when it was started without. */
  readonly uiAddress: string | undefined
  readonly pid: number
  /** Resolves when the server has ended, however it did. */
  readonly ended: Promise<void>
  /** Asks it to end, and kills it when it does not within ten seconds. Resolves when it has ended. */
  stop(): Promise<void>
  /** Ends it as a crash would. Resolves when it has ended. */
  kill(): Promise<void>
}

const START_TIMEOUT_MS = 30_000
/** It starts in about half a second. */
const POLL_EVERY_MS = 50
/** It flushes and ends within about a second. */
const STOP_GRACE_MS = 10_000
const TAIL_LINES = 20
/** The server takes a third port, for metrics, by itself: also with both ports named another attempt may help. */
const MOST_ATTEMPTS = 3
const PORT_TAKEN = /address already in use/

/**
 * Starts a Temporal development server on the loopback address and resolves when it serves. A free port may be taken before
 * the server has it, so that ports which the caller does not name are chosen again. Rejects with `TemporalUnavailable` and the
 * end of the log when it dies before, or does not serve in time.
 */
export async function startTemporalServer(options: ServerOptions): Promise<RunningServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnPorts({
        ...options,
        port: options.port ?? (await freePort()),
        uiPort: options.uiPort ?? (await freePort()),
      })
    } catch (thrown) {
      if (attempt === MOST_ATTEMPTS || !PORT_TAKEN.test(messageOf(thrown))) throw thrown
    }
  }
}

type OnPorts = ServerOptions & Required<Pick<ServerOptions, 'port' | 'uiPort'>>

async function startOnPorts(options: OnPorts): Promise<RunningServer> {
  const { port, uiPort } = options
  const address = `${LOOPBACK}:${port}`
  const server = await launch(options, serverArguments(options))
  await untilServing(server, address, options)
  return {
    address,
    uiAddress: uiPort === 'none' ? undefined : `http://${LOOPBACK}:${uiPort}`,
    pid: server.pid,
    ended: server.ended,
    stop: () => stop(server),
    kill: () => kill(server),
  }
}

interface Launched {
  readonly child: ChildProcess
  readonly pid: number
  readonly ended: Promise<void>
}

async function launch(options: ServerOptions, args: readonly string[]): Promise<Launched> {
  const { binary, logFile, databaseFile, outlivesInterrupt = false } = options
  await mkdir(dirname(logFile), { recursive: true })
  if (databaseFile !== undefined) await mkdir(dirname(databaseFile), { recursive: true })
  const log = await open(logFile, 'a')
  try {
    // A process group of its own is out of the terminal's reach.
    const child = spawn(binary, args, { stdio: ['ignore', log.fd, log.fd], detached: outlivesInterrupt })
    await once(child, 'spawn')
    if (child.pid === undefined) throw new TypeError('A child that was spawned has a pid')
    return { child, pid: child.pid, ended: endWithThisProcess(child) }
  } catch (thrown) {
    throw new RefitError('TemporalUnavailable', `Cannot start the Temporal server "${binary}": ${messageOf(thrown)}.`, {
      cause: thrown,
    })
  } finally {
    await log.close()
  }
}

function endWithThisProcess(child: ChildProcess): Promise<void> {
  const terminate = () => void child.kill('SIGTERM')
  process.once('exit', terminate)
  return once(child, 'exit').then(() => {
    process.removeListener('exit', terminate)
  })
}

async function untilServing(server: Launched, address: string, options: ServerOptions): Promise<void> {
  const { startTimeoutMs = START_TIMEOUT_MS } = options
  const deadline = Date.now() + startTimeoutMs
  while (!hasEnded(server)) {
    if (await isServing(address)) return
    if (Date.now() > deadline) {
      await kill(server)
      throw await notServing(options, `it did not answer on ${address} within ${startTimeoutMs / 1000} s`)
    }
    await Promise.race([sleep(POLL_EVERY_MS), server.ended])
  }
  const { exitCode, signalCode } = server.child
  const how = signalCode === null ? `exit code ${exitCode}` : signalCode
  throw await notServing(options, `it ended with ${how} before it answered on ${address}`)
}

async function notServing({ binary, logFile }: ServerOptions, reason: string): Promise<RefitError> {
  const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n')
  const tail = lines.slice(-TAIL_LINES).join('\n')
  return new RefitError(
    'TemporalUnavailable',
    `Cannot start the Temporal server "${binary}": ${reason}. Its log ${logFile} ends:\n${tail}`,
  )
}

async function stop(server: Launched): Promise<void> {
  if (hasEnded(server)) return
  server.child.kill('SIGTERM')
  const graceIsOver = new AbortController()
  const grace = sleep(STOP_GRACE_MS, undefined, { signal: graceIsOver.signal }).then(
    () => server.child.kill('SIGKILL'),
    () => undefined,
  )
  await server.ended
  graceIsOver.abort()
  await grace
}

async function kill(server: Launched): Promise<void> {
  server.child.kill('SIGKILL')
  await server.ended
}

function hasEnded({ child }: Launched): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
