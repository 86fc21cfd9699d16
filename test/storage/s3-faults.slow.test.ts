/** The store and its logs on real S3 servers whose network and service fail, by seed. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { z } from 'zod'
import { RefitError } from '../../src/errors.js'
import { sha256OfBytes } from '../../src/storage/digest.js'
import { openLog } from '../../src/storage/log.js'
import { createS3Storage } from '../../src/storage/s3.js'
import type { Storage } from '../../src/storage/storage.js'
import { collect } from '../support/collect.js'
import { HTTP_FAULTS, type HttpFault, seededFaults, startFaultProxy } from '../support/fault-proxy.js'
import { startMinistack } from '../support/ministack.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { startVersitygw, VERSITYGW_CREDENTIALS } from '../support/versitygw.js'

/** The client gives up before a delayed request is forwarded, and tries twice before its caller hears of it. */
const SMALL = { silenceMs: 250, delayMs: 600 }
/** A part takes a busy machine half a second. */
const LARGE = { silenceMs: 2_500, delayMs: 3_500 }
const TRIES = 2
const BUCKET = 'faults'
const LARGE_BYTES = 17 * 1024 * 1024

/** What somebody who created a key was told: `lost` when the store could not say. */
interface Attempt {
  readonly body: string
  readonly heard: boolean | 'lost'
}

for (const [name, start] of [
  ['MiniStack', startMinistack],
  ['versitygw', () => startVersitygw()],
] as const) {
  const server = await start()
  if (server.kind === 'running') after(() => server.stop())
  describe(`faults on the way to ${name}`, {
    skip: server.kind === 'missing' ? `NOT TESTED: ${server.reason}` : false,
  }, () => {
    if (server.kind === 'missing') return
    const endpoint = 'endpoints' in server ? (server.endpoints[0] ?? '') : server.endpoint
    defineTests(endpoint)
  })
}

function defineTests(target: string): void {
  const fired = Object.fromEntries(HTTP_FAULTS.map((kind) => [kind, 0])) as Record<HttpFault, number>
  let history = 0
  const clean = clientOf(target, { maxAttempts: 3, silenceMs: 20_000 })

  /** Runs work with a store behind the proxy, and the same store without; what is under way then has arrived. */
  async function underFaults(seed: number, times: typeof SMALL, work: (faulty: Storage) => Promise<void>) {
    const proxy = await startFaultProxy({ target, delayMs: times.delayMs })
    const faulty = clientOf(proxy.endpoint, { maxAttempts: TRIES, silenceMs: times.silenceMs })
    // Nothing here asks for local copies.
    const at = { bucket: BUCKET, prefix: `run${history++}`, cacheFolder: 'unused' }
    try {
      proxy.use(seededFaults({ seed, share: 0.4 }))
      await work(createS3Storage({ ...at, client: faulty }))
      await proxy.quiet()
      for (const kind of HTTP_FAULTS) fired[kind] += proxy.fired[kind]
      return createS3Storage({ ...at, client: clean })
    } finally {
      faulty.destroy()
      await proxy.stop()
    }
  }

  test('a bucket', async () => {
    await clean.send(new CreateBucketCommand({ Bucket: BUCKET }))
  })

  test('every create hears the truth, or that it cannot be known', async () => {
    const property = fc.asyncProperty(fc.nat(), async (seed) => {
      const attempts = new Map<string, Attempt[]>(['a.x', 'd/b.x', 'd/e/c.x'].map((key) => [key, []]))
      const store = await underFaults(seed, SMALL, async (faulty) => {
        const writers = [...attempts].flatMap(([key, made]) =>
          [0, 1, 2].map((writer) => createUntilAnswered(made, (body) => faulty.create(key, Buffer.from(body)), writer)),
        )
        await Promise.all(writers)
      })
      for (const [key, made] of attempts) {
        checkTruth(made, Buffer.from((await store.read(key)) ?? []).toString())
      }
      assert.deepEqual(await collect(store.list('')), [...attempts.keys()])
    })
    await fc.assert(property, { numRuns: 8 })
  })

  test('every create of a large file hears the truth, and its parts are whole', async (t) => {
    const folder = await temporaryFolder(t)
    const property = fc.asyncProperty(fc.nat(), async (seed) => {
      const made: Attempt[] = []
      const store = await underFaults(seed, LARGE, async (faulty) => {
        const create = async (body: string) => {
          const path = join(folder, body)
          const bytes = Buffer.alloc(LARGE_BYTES, `${body} `)
          await writeFile(path, bytes)
          return faulty.createFromFile('large.bin', path, sha256OfBytes(bytes)).finally(() => rm(path))
        }
        await Promise.all([0, 1].map((writer) => createUntilAnswered(made, create, writer)))
      })
      const kept = Buffer.from((await store.read('large.bin')) ?? [])
      const body = kept.toString('latin1').slice(0, kept.indexOf(' '))
      assert.equal(Buffer.compare(kept, Buffer.alloc(LARGE_BYTES, `${body} `)), 0)
      checkTruth(made, body)
    })
    await fc.assert(property, { numRuns: 3 })
  })

  test('a log has no gap, and what its writers repeat until they hear of it once and in order', async () => {
    const [names, numbers] = [
      ['a', 'b', 'c'],
      [0, 1, 2, 3],
    ]
    const property = fc.asyncProperty(fc.nat(), async (seed) => {
      const store = await underFaults(seed, SMALL, async (faulty) => {
        const writer = async (name: string) => {
          const log = openLog(faulty, 'log', z.number())
          for (const body of numbers) await untilAnswered(() => log.append({ id: `${name}${body}`, actor: name, body }))
        }
        await Promise.all(names.map(writer))
      })
      const entries = await collect(openLog(store, 'log', z.number()).entries())
      assert.deepEqual(
        entries.map(({ seq }) => seq),
        Array.from({ length: names.length * numbers.length }, (_, index) => index + 1),
      )
      for (const name of names) {
        const own = entries.filter(({ actor }) => actor === name)
        assert.deepEqual(
          own.map(({ body }) => body),
          numbers,
        )
      }
    })
    await fc.assert(property, { numRuns: 4 })
  })

  test('every kind of fault happened', (t) => {
    t.diagnostic(JSON.stringify(fired))
    for (const kind of HTTP_FAULTS) assert.ok(fired[kind] > 0, `${kind} never happened`)
  })
}

function clientOf(endpoint: string, { maxAttempts, silenceMs }: { maxAttempts: number; silenceMs: number }): S3Client {
  const requestHandler = { connectionTimeout: 1_000, socketTimeout: silenceMs }
  const credentials = VERSITYGW_CREDENTIALS
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
    maxAttempts,
    requestHandler,
  })
  after(() => client.destroy())
  return client
}

/** Creates under ever new bodies, so that each can be told from all others, and notes what was heard of each. */
async function createUntilAnswered(made: Attempt[], create: (body: string) => Promise<boolean>, writer: number) {
  for (let attempt = 0; ; attempt++) {
    const body = `w${writer}-${attempt}`
    const heard = await create(body).catch(asLost)
    made.push({ body, heard })
    if (heard !== 'lost') return
  }
}

/** One object, and nobody who was told otherwise: whose it is heard `true` or nothing, everybody else did not. */
function checkTruth(made: readonly Attempt[], kept: string): void {
  const owners = made.filter(({ body }) => body === kept)
  assert.equal(owners.length, 1, `the object is nobody's: "${kept}"`)
  for (const { body, heard } of made) {
    if (body === kept) assert.notEqual(heard, false, `${body} won and heard that it lost`)
    else assert.notEqual(heard, true, `${body} lost to ${kept} and heard that it won`)
  }
}

function asLost(thrown: unknown): 'lost' {
  if (thrown instanceof RefitError && thrown.code === 'StoreUnavailable' && !thrown.permanent) return 'lost'
  throw thrown
}

async function untilAnswered(append: () => Promise<unknown>): Promise<void> {
  while ((await append().catch(asLost)) === 'lost');
}
