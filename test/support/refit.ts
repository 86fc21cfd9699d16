/** The command line as a user calls it: a process of its own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

/** Where and with what a verb is called. */
export interface Surroundings {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
}

/** A store and a scratch folder in the folder, a user's name, and nothing that a person has set for their own store. */
export function ownStore(folder: string, more: NodeJS.ProcessEnv = {}): Surroundings {
  const env = {
    ...outsideEnvironment(),
    REFIT_STORE: `file:${join(folder, 'store')}`,
    REFIT_SCRATCH: join(folder, 'scratch'),
    REFIT_ACTOR: 'ada',
    ...more,
  }
  return { folder, env }
}

/** The environment without what a person has set for their own store and server: that is not for tests. */
export function outsideEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(REFIT|TEMPORAL)_/.test(name)))
}

/** What a verb left behind. */
export interface Called {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

const Failure = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

/** Starts a verb that goes on until it is told to stop. */
export function startRefit(args: readonly string[], { folder, env }: Surroundings) {
  return spawn(process.execPath, ['--enable-source-maps', MAIN, ...args], {
    cwd: folder,
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Calls a verb and waits for its end; `hear` is told what it has said on stderr so far. */
export async function refit(
  args: readonly string[],
  surroundings: Surroundings,
  hear: (stderr: string) => void = () => {},
): Promise<Called> {
  const child = startRefit(args, surroundings)
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    hear(stderr)
  })
  await once(child, 'close')
  return { exitCode: child.exitCode, stdout, stderr }
}

/** Calls a verb with `--json` and gives its one object, after its exit code was what is expected. */
export async function refitJson<T>(
  args: readonly string[],
  surroundings: Surroundings,
  schema: z.ZodType<T>,
  exitCode = 0,
): Promise<T> {
  const called = await refit([...args, '--json'], surroundings)
  assert.equal(called.exitCode, exitCode, `refit ${args.join(' ')}: ${called.stdout}${called.stderr}`)
  assert.equal(called.stdout.split('\n').length, 2, `expected one line of JSON, got ${called.stdout}`)
  return schema.parse(JSON.parse(called.stdout))
}

/** Calls a verb that must fail with one sentence on stderr, and the same with its code as JSON. Gives the sentence. */
export async function refitFails(
  args: readonly string[],
  surroundings: Surroundings,
  expected: { readonly exitCode: 1 | 2; readonly code: string },
): Promise<string> {
  const json = refitJson(args, surroundings, Failure, expected.exitCode)
  const [plain, { error }] = await Promise.all([refit(args, surroundings), json])
  assert.equal(plain.exitCode, expected.exitCode, `refit ${args.join(' ')}: ${plain.stdout}${plain.stderr}`)
  assert.equal(plain.stdout, '')
  // No stack: that is for what nobody foresaw.
  assert.match(plain.stderr, /^error [^\n]+\n$/)
  assert.equal(error.code, expected.code)
  return plain.stderr.slice('error '.length).trimEnd()
}
