/** A real S3 server for tests: MiniStack, a Python program, installed once into the user's cache. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { messageOf } from '../../src/errors.js'
import { withLock } from '../../src/server/lock.js'
import { freePort } from '../../src/server/ports.js'

const VERSION = '1.5.33'
/** Long enough for pip on a slow line; whoever waits for another process's installation gives up then. */
const INSTALL_TIMEOUT_MS = 180_000
const START_TIMEOUT_MS = 20_000

const run = promisify(execFile)

/** A server that runs, or why there is none and how to get it. */
export type Ministack =
  | { readonly kind: 'missing'; readonly reason: string }
  | {
      readonly kind: 'running'
      readonly endpoint: string
      readonly client: S3Client
      /** Makes a bucket and gives its name. */
      newBucket(): Promise<string>
      stop(): Promise<void>
    }

/** Starts a server of its own on a free port of this host; it ends with `stop`, at the latest with this process. */
export async function startMinistack(): Promise<Ministack> {
  const folder = join(process.env.REFIT_CACHE ?? join(homedir(), '.cache/refit'), 'python/ministack')
  try {
    await install(folder)
    const port = await freePort()
    const server = spawn(join(folder, 'bin/ministack'), [], { stdio: 'ignore', env: serverEnvironment(port) })
    const endpoint = `http://127.0.0.1:${port}`
    await untilItAnswers(endpoint, server)
    return running(endpoint, server)
  } catch (thrown) {
    const way = `python3 -m venv ${folder} && ${folder}/bin/pip install ministack==${VERSION}`
    return { kind: 'missing', reason: `no S3 server: ${messageOf(thrown)}. To get it: ${way}` }
  }
}

function running(endpoint: string, server: ChildProcess): Ministack {
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  process.once('exit', () => server.kill('SIGKILL'))
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true })
  return {
    kind: 'running',
    endpoint,
    client,
    async newBucket() {
      const Bucket = `refit-${randomUUID()}`
      await client.send(new CreateBucketCommand({ Bucket }))
      return Bucket
    },
    async stop() {
      client.destroy()
      server.kill('SIGKILL')
      await ended
    },
  }
}

async function install(folder: string): Promise<void> {
  const ready = join(folder, `ready-${VERSION}`)
  if (await exists(ready)) return
  await mkdir(join(folder, '..'), { recursive: true })
  const lock = { signal: AbortSignal.timeout(INSTALL_TIMEOUT_MS), waiting: () => {} }
  await withLock(`${folder}.installing`, lock, async () => {
    // Whoever held the lock before may have installed it.
    if (await exists(ready)) return
    await rm(folder, { recursive: true, force: true })
    await run('python3', ['-m', 'venv', folder], { timeout: INSTALL_TIMEOUT_MS })
    const pip = ['install', '--quiet', '--disable-pip-version-check', `ministack==${VERSION}`]
    await run(join(folder, 'bin/pip'), pip, { timeout: INSTALL_TIMEOUT_MS })
    await writeFile(ready, '')
  })
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function serverEnvironment(port: number): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    SERVICES: 's3',
  }
}

async function untilItAnswers(endpoint: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  while (Date.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`MiniStack ended with code ${server.exitCode}`)
    const answered = await fetch(endpoint).then(
      () => true,
      () => false,
    )
    if (answered) return
    await sleep(50)
  }
  server.kill('SIGKILL')
  throw new Error(`MiniStack did not answer within ${START_TIMEOUT_MS / 1000} s`)
}
