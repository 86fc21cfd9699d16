/** Sources on their whole way, with Temporal: what was pushed, also while the store was away, and rows of a database. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { bringInAll } from '../../src/cli/bring-in.js'
import { readConfig } from '../../src/config.js'
import { verifyAccounting } from '../../src/data/verify/verify.js'
import { latestSpec } from '../../src/ledger/spec-revisions.js'
import { storePush } from '../../src/source/inbox.js'
import { apply } from '../../src/stages/apply.js'
import { openPorts } from '../../src/wiring.js'
import { AdmitRequest } from '../../src/workflows/messages.js'
import { datasetDigest } from '../support/dataset-digest.js'
import { lateOrdersSpec } from '../support/late-orders.js'
import { startLoop, type TestLoop } from '../support/loop.js'
import { startMinistack } from '../support/ministack.js'
import { startPostgres } from '../support/postgres.js'
import { type Receiver, startReceiver } from '../support/receiver.js'
import { refit, refitJson } from '../support/refit.js'
import { startTestTemporal, type TestTemporal } from '../support/temporal.js'

const TOKEN = 'let-producers-in'
const S3_USER = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' }

const [ministack, postgres] = await Promise.all([startMinistack(), startPostgres()])
const noSpool = ministack.kind === 'missing' ? `NOT TESTED: ${ministack.reason}` : false
const noDatabase = postgres.kind === 'missing' ? `NOT TESTED: ${postgres.reason}` : false

const withSource = (source: string) => (text: string) =>
  text.replace('    kind: files\n    glob: landing/*.csv', source.replaceAll(/^/gm, '    '))

let temporal: TestTemporal
let loop: TestLoop
before(async () => {
  temporal = await startTestTemporal()
  const spool = ministack.kind === 'missing' ? {} : await spoolOn(ministack.endpoint, await ministack.newBucket())
  const database = postgres.kind === 'missing' ? {} : databaseAt(postgres.url)
  // One worker serves both models.
  const more = { ...spool, ...database, REFIT_CACHE: join(temporal.folder, 'cache') }
  loop = await startLoop(temporal, { spec: withSource('kind: push'), more })
})
after(async () => {
  await loop.stop()
  await temporal.stop()
  if (ministack.kind === 'running') await ministack.stop()
  if (postgres.kind === 'running') await postgres.stop()
})

/** The spool in a bucket, the store in a folder: what takes the one away leaves the other. */
async function spoolOn(endpoint: string, bucket: string): Promise<NodeJS.ProcessEnv> {
  return { ...S3_USER, AWS_ENDPOINT_URL: endpoint, REFIT_SPOOL: `s3://${bucket}/spool` }
}

const databaseAt = (url: string): NodeJS.ProcessEnv => ({
  ORDERS_DATABASE: url,
  REFIT_ALLOW_URLS: url.replace(/\/\/.*@/, '//'),
})

const ROWS = 100

/** Orders as JSON lines; too few of them to train on. */
function orders(seed: number): string {
  const line = (i: number) => ({
    ordered: new Date(Date.UTC(2026, 0, seed, 0, i)).toISOString(),
    mass: (i * 7) % 40,
    depot: i % 2 === 0 ? 'north' : 'south',
    late: i % 3 === 0,
  })
  return Array.from({ length: ROWS }, (_, i) => JSON.stringify(line(i))).join('\n')
}

const Spooled = z.object({ spool: z.object({ total: z.object({ pushes: z.number(), bytes: z.number() }) }) })

test('what is pushed while the store is away waits in a bucket, a worker drains it, and the dataset is the same', {
  timeout: 180_000,
  skip: noSpool,
}, async () => {
  const [store, away] = [join(loop.folder, 'store'), join(loop.folder, 'away')]
  const receiver = await startReceiver(loop, { REFIT_PUSH_TOKEN: TOKEN })
  try {
    assert.equal(await push(receiver, 1), 'stored')
    assert.match(await pageAt(receiver, `/models/${loop.model}`, 200), /In the inbox.*1 push, since 20/s)

    await rename(store, away)
    assert.equal(await push(receiver, 2), 'spooled')
    assert.equal(await push(receiver, 3), 'spooled')
    const page = await pageAt(receiver, '/', 503)
    assert.match(page, /The store does not answer.*Cannot .*In the rescue spool.*2 pushes \(\d+(\.\d)? kB\), since 20/s)
    const { exitCode, stderr } = await refit(['status'], loop)
    assert.equal(exitCode, 1)
    assert.match(stderr, /\n2 pushes wait \(\d+\.\d KB\), since 20.+ UTC in the spool, less than 1 % of its 10 GB\n$/)
    assert.match((await refit(['doctor'], loop)).stdout, /^✔ spooled +2 pushes wait/m)
    // Nobody makes a new store at the place of the real one.
    await assert.rejects(stat(store), { code: 'ENOENT' })
  } finally {
    // What drains the spool then is the worker.
    await receiver.stop(/^(refit serve: Pushes of .+ wait in the spool\. .+\n)*$/)
  }
  await rename(away, store)

  const { outcome, reason } = await loop.run({ trigger: 'data' })
  assert.equal(outcome, 'notNeeded', reason)
  const { holds, rowsIn, kept } = await loop.account()
  assert.deepEqual({ holds, rowsIn, kept }, { holds: true, rowsIn: 3 * ROWS, kept: 3 * ROWS })
  const { spool } = await refitJson(['status'], loop, Spooled)
  assert.deepEqual(spool.total, { pushes: 0, bytes: 0 })
  assert.equal(await datasetDigest(loop.ports, loop.model), await undisturbedDigest(loop))
})

async function push({ address }: Receiver, seed: number): Promise<unknown> {
  const response = await fetch(`${address}/ingest/${loop.model}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${TOKEN}`,
      'idempotency-key': `day-${seed}`,
      'content-type': 'application/x-ndjson',
    },
    body: orders(seed),
  })
  assert.equal(response.status, 202)
  return z.object({ state: z.string() }).parse(await response.json()).state
}

async function pageAt({ address }: Receiver, path: string, status: number): Promise<string> {
  const response = await fetch(`${address}${path}`)
  assert.equal(response.status, status)
  return (await response.text()).replaceAll(/<[^>]+>/g, '')
}

/** The same pushes in a store that was never away, brought in without Temporal. */
async function undisturbedDigest({ folder, model }: TestLoop): Promise<string> {
  const place = { REFIT_STORE: `file:${join(folder, 'other')}`, REFIT_SCRATCH: join(folder, 'scratch') }
  const ports = await openPorts(readConfig(place))
  const spec = lateOrdersSpec((text) => withSource('kind: push')(text).replace('model: orders', `model: ${model}`))
  await apply(ports, { spec, folder }, { id: randomUUID(), actor: 'test' })
  for (const seed of [1, 2, 3]) {
    const path = join(folder, `push-${seed}`)
    await writeFile(path, orders(seed))
    await storePush(ports.storage, model, { key: `day-${seed}`, format: 'json', path })
  }
  const { commits } = await bringInAll(ports, await latestSpec(ports.storage, model), { actor: 'test' })
  assert.equal(commits.length, 1)
  return datasetDigest(ports, model)
}

test('rows of a PostgreSQL table come in by a run, and later ones by refit ingest', {
  timeout: 180_000,
  skip: noDatabase,
}, async () => {
  if (postgres.kind === 'missing') return
  const model = `ledger-${randomUUID().slice(0, 8)}`
  const columns =
    'id bigint GENERATED ALWAYS AS IDENTITY, ordered timestamptz, mass double precision, depot text, late boolean'
  const add = (rows: number) =>
    postgres.query(`INSERT INTO orders (ordered, mass, depot, late)
      SELECT '2026-01-01Z'::timestamptz + i * interval '1 minute', i % 40, 'north', i % 3 = 0
      FROM generate_series(1, ${rows}) i`)
  await postgres.query(`CREATE TABLE orders (${columns})`)
  await add(ROWS)
  const source = 'kind: postgres\nconnectionEnv: ORDERS_DATABASE\ntable: orders\nkey: id'
  const spec = lateOrdersSpec((text) => withSource(source)(text).replace('model: orders', `model: ${model}`))
  await apply(loop.ports, { spec, folder: loop.folder }, { id: randomUUID(), actor: 'test' })

  const request = AdmitRequest.parse({ id: randomUUID(), trigger: 'data', actor: 'test' })
  const ruling = await temporal.client.admit(model, request)
  if (ruling.kind !== 'admitted') assert.fail(JSON.stringify(ruling))
  const { outcome, reason } = await temporal.client.result(ruling.workflowId)
  assert.equal(outcome, 'notNeeded', reason)
  const account = async () => {
    const { holds, rowsIn, kept, batches } = await verifyAccounting(loop.ports.data, model)
    return { holds, rowsIn, kept, batches }
  }
  assert.deepEqual(await account(), { holds: true, rowsIn: ROWS, kept: ROWS, batches: 1 })

  await add(50)
  const { exitCode, stdout, stderr } = await refit(['ingest', model], loop)
  assert.equal(exitCode, 0, stderr)
  assert.match(stdout, /^1 batch: 50 rows in = 50 kept \+ 0 quarantined \+ 0 duplicates\.$/m)
  assert.deepEqual(await account(), { holds: true, rowsIn: ROWS + 50, kept: ROWS + 50, batches: 2 })
  assert.equal((await refit(['ingest', model], loop)).stdout, 'Nothing new arrived.\n')
})
