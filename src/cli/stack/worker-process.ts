/** A worker in a process of its own, started again whenever it dies without having been told to. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { RefitError } from '../../errors.js'
import { WORKER_READY } from './worker-ready.js'

/** `refit worker`. */
const WORKER = [fileURLToPath(new URL('../main.js', import.meta.url)), 'worker']
/** A worker that cannot start at all must not be started in a loop without rest. */
const RESTART_AFTER_MS = 1_000
const READY_WITHIN_MS = 60_000
/** Characters of a worker's last words that an error repeats. */
const MOST_SAID = 2_000

/** A supervised worker. */
export interface WorkerProcess {
  /** Process id of the worker that runs now. */
  pid(): number | undefined
  /** How often it was started again. */
  restarts(): number
  /** Kills it as a power cut would; the supervisor starts another. */
  kill(): void
  /** Asks it to end and waits until it has. */
  stop(): Promise<void>
}

/** How a worker is started. */
export interface WorkerOptions {
  readonly env: NodeJS.ProcessEnv
  readonly folder: string
  readonly logFile: string
  /** Script and arguments; `refit worker` unless given. */
  readonly program?: readonly string[]
  readonly onRestart?: (code: number | null, signal: string | null) => void
}

/** Starts a worker and resolves when it is ready. */
export async function startWorkerProcess(options: WorkerOptions): Promise<WorkerProcess> {
  const log = createWriteStream(options.logFile, { flags: 'a' })
  let isStopping = false
  let restarts = 0
  let timer: NodeJS.Timeout | undefined
  let child = launch(options, log)

  const supervise = (current: ChildProcess) =>
    current.once('exit', (code, signal) => {
      if (isStopping) return
      options.onRestart?.(code, signal)
      timer = setTimeout(() => {
        restarts++
        child = launch(options, log)
        supervise(child)
      }, RESTART_AFTER_MS)
    })

  await untilReady(child, options.logFile)
  supervise(child)
  return {
    pid: () => child.pid,
    restarts: () => restarts,
    kill: () => void child.kill('SIGKILL'),
    async stop() {
      isStopping = true
      clearTimeout(timer)
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit')
        child.kill('SIGTERM')
        await exited
      }
      log.end()
    },
  }
}

function launch({ env, folder, program = WORKER }: WorkerOptions, log: NodeJS.WritableStream): ChildProcess {
  // A group of its own: Ctrl-C reaches the parent only, which ends its children in order.
  const child = spawn(process.execPath, ['--enable-source-maps', ...program], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  child.stdout?.pipe(log, { end: false })
  child.stderr?.pipe(log, { end: false })
  return child
}

async function untilReady(child: ChildProcess, logFile: string): Promise<void> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-MOST_SAID)
  })
  const isReady = new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes(WORKER_READY)) resolve()
    })
  })
  const died = once(child, 'exit').then(() => 'ended before it was ready')
  const late = new Promise<string>((resolve) => setTimeout(resolve, READY_WITHIN_MS, 'was not ready in time').unref())
  const problem = await Promise.race([isReady, died, late])
  if (problem === undefined) return
  child.kill('SIGKILL')
  throw new RefitError(
    'TemporalUnavailable',
    `Cannot start the worker: it ${problem}. Its log is ${logFile}; it ends:\n${said.trim()}`,
  )
}
