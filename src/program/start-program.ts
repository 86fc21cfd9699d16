/** Runs a program of the team as a process group of its own, so that all of it can be ended: POSIX only. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../errors.js'

/** What is started, where, and with which environment: nothing is inherited. */
export interface ProgramStart {
  readonly command: readonly string[]
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
}

/** How a program ended: by an exit code, or by a signal. */
export type ProgramEnd =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }

/** A program that runs. Both outputs must be read, or it will block. */
export interface Program {
  /** Stays open until the program ended, or the worker died: a program can watch it to end with its worker. */
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when the program ended; what is left of its group is killed then. */
  readonly ended: Promise<ProgramEnd>
  /** Ends the group: SIGTERM, then SIGKILL after 5 seconds. Resolves when the program is gone; may be called again. */
  stop(): Promise<void>
}

/** A group that was asked to end gets this long: enough to close files, short enough for a worker that shuts down. */
const GRACE_MS = 5000
/** A process that left the group may hold the pipes open; what it writes later is nobody's. */
const DRAIN_MS = 2000
const POLL_MS = 20

/** Starts a program. Rejects with a plain `Error` whose message says why it could not be started. */
export async function startProgram(start: ProgramStart): Promise<Program> {
  const [file, ...args] = start.command
  if (file === undefined) throw new Error('the command is empty')
  await checkFolder(start.folder)
  const child = spawn(file, args, {
    cwd: start.folder,
    env: start.environment,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  await once(child, 'spawn').catch((thrown: unknown) => {
    throw new Error(reasonOf(file, thrown), { cause: thrown })
  })
  // A program that ended no longer reads: `ended` tells, the failed write says nothing more.
  child.stdin.on('error', () => {})

  let isStopping = false
  const ended = new Promise<ProgramEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      // While it is being stopped, the rest of the group still has its grace.
      if (!isStopping) signalGroup(child, 'SIGKILL')
      closeOutputsLater(child)
      resolve(signal === null ? { kind: 'exit', code: code ?? 0 } : { kind: 'signal', signal })
    })
  })
  const stop = async (): Promise<void> => {
    if (!isStopping && child.exitCode === null && child.signalCode === null) {
      isStopping = true
      await endGroup(child)
    }
    await ended
  }
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, stop }
}

async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined)
  if (!found?.isDirectory()) throw new Error(`its folder "${folder}" does not exist on this machine`)
}

function reasonOf(file: string, thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  if (code === 'ENOENT') return `"${file}" was not found; the PATH of the worker decides where programs are looked for`
  if (code === 'EACCES') return `"${file}" may not be executed`
  return messageOf(thrown)
}

async function endGroup(child: ChildProcess): Promise<void> {
  signalGroup(child, 'SIGTERM')
  const deadline = Date.now() + GRACE_MS
  while (Date.now() < deadline) {
    if (!signalGroup(child, 0)) return
    await sleep(POLL_MS)
  }
  signalGroup(child, 'SIGKILL')
}

/** Whether the group still had a process to take the signal; 0 only asks. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false
  try {
    return process.kill(-child.pid, signal)
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH') return false
    throw thrown
  }
}

function closeOutputsLater(child: ChildProcess): void {
  const timer = setTimeout(() => {
    child.stdout?.destroy()
    child.stderr?.destroy()
  }, DRAIN_MS)
  child.once('close', () => clearTimeout(timer))
}
