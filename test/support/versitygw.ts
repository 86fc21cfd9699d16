/** A second real S3 server for tests: versitygw, which checks signatures and lets several processes share one folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { messageOf } from '../../src/errors.js'
import { freePort, LOOPBACK } from '../../src/server/ports.js'
import { goProgram } from './go-program.js'

const PROGRAM = {
  name: 'versitygw',
  module: 'github.com/versity/versitygw/cmd/versitygw',
  version: 'v1.8.0',
  buildSeconds: 150,
}
const START_TIMEOUT_MS = 20_000

/** What the gateways accept. */
export const VERSITYGW_CREDENTIALS = { accessKeyId: 'refit-test', secretAccessKey: 'refit-test-secret' }

/** Gateways that run, or why there are none and how to get them. */
export type Versitygw = { readonly kind: 'missing'; readonly reason: string } | RunningVersitygw

/** Gateways on one folder. */
export interface RunningVersitygw {
  readonly kind: 'running'
  /** One address for each gateway process. */
  readonly endpoints: readonly string[]
  /** A client of one gateway, with the right credentials unless `options` has others; destroyed by `stop`. */
  client(gateway?: number, options?: S3ClientConfig): S3Client
  /** Makes a bucket and gives its name. */
  newBucket(): Promise<string>
  /** Ends the gateways and removes their folder. */
  stop(): Promise<void>
}

/** Starts so many gateways on free ports of this host; they end with `stop`, at the latest with this process. */
export async function startVersitygw(gateways = 1): Promise<Versitygw> {
  const program = await goProgram(PROGRAM)
  if (program.kind === 'missing') return program
  const folder = await mkdtemp(join(tmpdir(), 'refit-versitygw-'))
  const servers: Gateway[] = []
  try {
    await mkdir(join(folder, 'buckets'))
    for (let index = 0; index < gateways; index++) {
      const gateway = await startGateway(program.path, join(folder, 'buckets'))
      servers.push(gateway)
      await untilItAnswers(gateway)
    }
    return running(folder, servers)
  } catch (thrown) {
    await end(folder, servers)
    return { kind: 'missing', reason: `versitygw does not run: ${messageOf(thrown)}. Try ${program.path} by hand` }
  }
}

interface Gateway {
  readonly endpoint: string
  readonly server: ChildProcess
  readonly ended: Promise<void>
}

async function startGateway(path: string, buckets: string): Promise<Gateway> {
  const address = `${LOOPBACK}:${await freePort()}`
  const server = spawn(path, ['--port', address, '--quiet', 'posix', buckets], {
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      ROOT_ACCESS_KEY: VERSITYGW_CREDENTIALS.accessKeyId,
      ROOT_SECRET_KEY: VERSITYGW_CREDENTIALS.secretAccessKey,
    },
  })
  const ended = new Promise<void>((resolve) => {
    server.once('exit', () => resolve())
    server.once('error', () => resolve())
  })
  process.once('exit', () => server.kill('SIGKILL'))
  return { endpoint: `http://${address}`, server, ended }
}

function running(folder: string, servers: readonly Gateway[]): RunningVersitygw {
  const clients: S3Client[] = []
  const client = (gateway = 0, options: S3ClientConfig = {}): S3Client => {
    const endpoint = servers[gateway]?.endpoint
    if (endpoint === undefined) throw new TypeError(`There is no gateway ${gateway}.`)
    const made = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: VERSITYGW_CREDENTIALS,
      ...options,
    })
    clients.push(made)
    return made
  }
  return {
    kind: 'running',
    endpoints: servers.map(({ endpoint }) => endpoint),
    client,
    async newBucket() {
      const Bucket = `refit-${randomUUID()}`
      await client().send(new CreateBucketCommand({ Bucket }))
      return Bucket
    },
    async stop() {
      for (const made of clients) made.destroy()
      await end(folder, servers)
    },
  }
}

async function end(folder: string, servers: readonly Gateway[]): Promise<void> {
  for (const { server } of servers) server.kill('SIGKILL')
  await Promise.all(servers.map(({ ended }) => ended))
  await rm(folder, { recursive: true, force: true })
}

async function untilItAnswers({ endpoint, server }: Gateway): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  while (Date.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`it ended with code ${server.exitCode}`)
    // Any answer will do: without credentials it is a refusal.
    const answered = await fetch(endpoint).then(
      () => true,
      () => false,
    )
    if (answered) return
    await sleep(50)
  }
  throw new Error(`it did not answer within ${START_TIMEOUT_MS / 1000} s`)
}
