import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** What a program that was run to its end left behind. */
export interface ProgramEnd {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  /** The last lines it wrote to standard error. */
  readonly errorTail: string
}

/** How a program is run. */
export interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly cwd?: string
  /** Called with each line of standard error. */
  readonly onErrorLine?: (line: string) => void
}

/** Lines of standard error that are kept: enough for a compiler's complaint. */
const TAIL_LINES = 12

/** Runs a program to its end, whatever its exit code. Rejects when it cannot be started or the signal aborts it. */
export async function runProgram(path: string, args: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
  const { env, signal, cwd, onErrorLine } = options
  const child = spawn(path, args, {
    env,
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  const tail: string[] = []
  const [code, stdout] = await Promise.all([
    new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', resolve)
    }),
    textOf(child.stdout),
    eachLine(child.stderr, (line) => {
      tail.push(line)
      if (tail.length > TAIL_LINES) tail.shift()
      onErrorLine?.(line)
    }),
  ])
  return { code, stdout, errorTail: tail.join('\n') }
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

async function eachLine(stream: Readable, take: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) take(line)
}
