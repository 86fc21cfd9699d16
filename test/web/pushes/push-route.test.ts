import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { z } from 'zod'
import { sha256OfBytes } from '../../../src/storage/digest.js'
import { startWeb } from '../../../src/web/start-web.js'
import { createWebApp } from '../../../src/web/web-app.js'
import { inbox, keysIn, openWorld, startReceiver, switchable, WIDE } from '../../spool/shared.js'
import { until } from '../../support/until.js'
import { fakeDependencies } from '../fixtures/dependencies.js'

const TOKEN = 'rows-may-enter'
const HEADERS = {
  authorization: `Bearer ${TOKEN}`,
  'content-type': 'application/x-ndjson',
  'idempotency-key': 'day-1',
}
const BODY = '{"n":1}\n'
const MAX_BYTES = 2_000_000

const Problems = z.strictObject({ problems: z.array(z.string()) })

/** The app on a fresh store and spool. */
async function receiver(
  t: TestContext,
  { secrets = { pushToken: TOKEN }, limits = WIDE }: { secrets?: { pushToken?: string }; limits?: typeof WIDE } = {},
) {
  const world = await openWorld(t)
  const { storage: store, state } = switchable(world.store)
  const { reception, ports } = startReceiver({ ...world, store }, limits)
  const { dependencies, failures } = fakeDependencies({ secrets, pushes: { reception, maxBytes: MAX_BYTES } })
  const app = createWebApp(dependencies)
  const post = async (body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}, model = 'flights') => {
    const given = Object.entries({ ...HEADERS, ...headers }).filter(([, value]) => value !== '')
    const response = await app.request(`/ingest/${model}`, { method: 'POST', headers: given, body })
    return { status: response.status, headers: response.headers, body: await response.json() }
  }
  const refused = async (status: number, ...call: Parameters<typeof post>) => {
    const answer = await post(...call)
    assert.equal(answer.status, status, JSON.stringify(answer.body))
    return Problems.parse(answer.body).problems
  }
  return { world, app, post, refused, state, ports, failures }
}

test('a push is acknowledged when it is stored, and the same one again is known', async (t) => {
  const { post, refused, world } = await receiver(t)
  const answer = { seq: 1, sha256: sha256OfBytes(Buffer.from(BODY)), bytes: BODY.length, state: 'stored', known: false }
  const { status, body } = await post(BODY)
  assert.deepEqual([status, body], [202, answer])
  assert.deepEqual((await post(BODY)).body, { ...answer, known: true })
  // What a producer packs differently is the same push.
  for (const level of [1, 9]) {
    const packed = await post(gzipSync(BODY, { level }), { 'content-encoding': 'gzip' })
    assert.deepEqual([packed.status, packed.body], [202, { ...answer, known: true }])
  }
  const [problem = ''] = await refused(409, '{"n":2}\n')
  assert.match(problem, /its key "day-1" came before with other bytes/)
  assert.deepEqual(await inbox(world.store), [['day-1', BODY]])
})

test('who may push, and what a push must say', async (t) => {
  const { refused, world } = await receiver(t)
  const cases: [status: number, headers: Record<string, string>, model: string, problem: RegExp][] = [
    [401, { authorization: '' }, 'flights', /^authorization: expected "Bearer"/],
    [401, { authorization: 'Bearer rows-may-leave' }, 'flights', /^authorization: expected "Bearer"/],
    [
      400,
      { 'idempotency-key': '' },
      'flights',
      /^idempotency-key: expected 1 to 200 visible ASCII characters, got nothing\.$/,
    ],
    [400, { 'idempotency-key': 'a b' }, 'flights', /got "a b"\.$/],
    [400, { 'idempotency-key': 'x'.repeat(201) }, 'flights', /^idempotency-key: expected 1 to 200/],
    [415, { 'content-type': 'text/html' }, 'flights', /^content-type: expected text\/csv, .*, got "text\/html"\.$/],
    [415, { 'content-encoding': 'br' }, 'flights', /^content-encoding: expected gzip, got "br"\.$/],
    [404, {}, 'trains', /^Cannot find a model "trains"\./],
    [404, {}, '..%2Fflights', /^Cannot find a model/],
  ]
  for (const [status, headers, model, expected] of cases) {
    const [problem = ''] = await refused(status, BODY, headers, model)
    assert.match(problem, expected)
  }
  assert.deepEqual(await keysIn(world.store, 'datasets/'), [])
})

test('without a token, pushes are refused whatever they carry', async (t) => {
  const { refused } = await receiver(t, { secrets: {} })
  const [problem] = await refused(403, BODY)
  assert.equal(problem, 'Cannot take pushes: this receiver has no token. Ask its operator to set REFIT_PUSH_TOKEN.')
})

test('what is too large, packed or not, and what is not the gzip that it claims to be', async (t) => {
  const { refused, post, failures, world } = await receiver(t)
  const large = Buffer.alloc(MAX_BYTES + 1, ' ')
  assert.match((await refused(413, large))[0] ?? '', /^body: expected at most 1 MB unpacked, got more\./)
  assert.match((await refused(413, gzipSync(large), { 'content-encoding': 'gzip' }))[0] ?? '', /unpacked, got more/)
  assert.match((await refused(400, BODY, { 'content-encoding': 'gzip' }))[0] ?? '', /^body: cannot be read, .*one gzip/)
  const half = gzipSync(randomBytes(5000)).subarray(0, 1000)
  assert.match((await refused(400, half, { 'content-encoding': 'gzip' }))[0] ?? '', /^body: cannot be read/)
  assert.deepEqual([failures, await keysIn(world.store, 'datasets/')], [[], []])
  assert.equal((await post(large.subarray(0, MAX_BYTES))).status, 202)
})

test('while the store is away pushes are spooled, and refused with a time to come back once the spool is full', async (t) => {
  const { post, state } = await receiver(t, { limits: { maxBytes: 10, maxHours: 72 } })
  await post(BODY)
  state.isDown = true
  const { status, body } = await post('{"n":2}\n', { 'idempotency-key': 'day-2' })
  assert.deepEqual([status, z.object({ state: z.string() }).parse(body).state], [202, 'spooled'])
  const full = await post('{"n":3}\n', { 'idempotency-key': 'day-3' })
  assert.equal(full.status, 503)
  assert.match(full.headers.get('retry-after') ?? '', /^\d+$/)
})

test('over the network: many at a time, and a producer that hangs up half way leaves nothing', {
  timeout: 30_000,
}, async (t) => {
  const { app, world, failures } = await receiver(t)
  const web = await startWeb(app, { host: '127.0.0.1', port: 0 })
  t.after(() => web.close())
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      fetch(`${web.address}/ingest/flights`, {
        method: 'POST',
        headers: { ...HEADERS, 'idempotency-key': `push-${n % 10}` },
        body: `{"n":${n % 10}}`,
      }),
    ),
  )
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]))
  assert.equal((await inbox(world.store)).length, 10)

  const stopped = await fetch(`${web.address}/ingest/flights`, {
    method: 'POST',
    headers: { ...HEADERS, 'idempotency-key': 'large' },
    body: Buffer.alloc(MAX_BYTES * 4, ' '),
  }).then(
    ({ status }) => status,
    () => 'the connection was closed',
  )
  assert.ok(stopped === 413 || stopped === 'the connection was closed', String(stopped))

  const headers = { ...HEADERS, 'idempotency-key': 'half', 'content-length': '1000' }
  const call = request(`${web.address}/ingest/flights`, { method: 'POST', headers })
  const isOver = new Promise((resolve) => call.once('error', resolve))
  call.write('{"n":1}\n')
  setTimeout(() => call.destroy(), 100)
  await isOver
  await until('the bytes to be gone', async () => (await readdir(world.scratchFolder)).length === 0)
  assert.deepEqual(
    (await inbox(world.store)).filter(([key]) => key === 'half'),
    [],
  )
  assert.deepEqual(failures, [])
})
