/** What a PostgreSQL source says and leaves when something is wrong; no message may hold the password. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { collectBatches } from '../../src/data/ingestion/collect.js'
import { ingestBatch } from '../../src/data/ingestion/ingest.js'
import { flightsSpec, openWorkshop } from '../data/workshop.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { until } from '../support/until.js'
import { Cursor, newTable, nextBatch, openServer, readNumbers, sourceOf } from './postgres-world.js'

const { check } = await openServer()
const SLOW = { query: 'SELECT 1::bigint AS id, (SELECT 5 FROM pg_sleep(60)) AS n' }

check('what a spec gets wrong is said, with the way out', async (t, server) => {
  const table = await newTable(
    server,
    `id bigint NOT NULL, n integer, empty bigint, local timestamp, code uuid, blocks bigserial, cyclic integer`,
  )
  await server.query(`INSERT INTO "${table}" (id, n) VALUES (1, 1)`)
  await server.query(`ALTER SEQUENCE "${table}_blocks_seq" CACHE 10`)
  await server.query(`CREATE SEQUENCE "round ${table.slice(-8)}" MAXVALUE 5 CYCLE`)
  await server.query(`ALTER TABLE "${table}" ALTER cyclic SET DEFAULT nextval('"round ${table.slice(-8)}"')`)
  const from = { table }
  const cases: [Parameters<typeof sourceOf>[1], RegExp][] = [
    [{ from: { table: 'public.nothing' } }, /relation "public\.nothing" does not exist \(SQLSTATE 42P01\)\. Correct/],
    [{ from, columns: ['n', 'm'] }, /there is no column m among id, n, empty/],
    [{ from, key: 'ID' }, /there is no column ID among/],
    [
      { from, key: 'code' },
      /its key "code" has type uuid, whose order is not the order in which rows come\. Name a key/,
    ],
    [{ from, key: 'local' }, /its key "local" has type timestamp without time zone/],
    [{ from, key: 'empty' }, /rows without a "empty" would never be read/],
    [{ from: { query: `SELECT NULL::bigint AS id, 1 AS n` } }, /rows without a "id" would never be read/],
    [
      { from, key: 'blocks' },
      /sequence .*blocks_seq.* of its key hands out numbers in blocks.* ALTER SEQUENCE .* CACHE 1/,
    ],
    [{ from: { query: `SELECT id, n, cyclic FROM "${table}"` }, key: 'cyclic' }, /hands out|rows without/],
    [{ from: { query: 'SELEC 1' } }, /^Cannot read the query of data\.source: syntax error .* \(SQLSTATE 42601\)/],
    [{ from: { query: `SELECT id, n / 0 AS n FROM "${table}"` } }, /division by zero \(SQLSTATE 22012\)/],
    [{ from: { query: `SELECT 1::bigint AS id, nextval('"${table}_blocks_seq"') AS n` } }, /read-only transaction/],
  ]
  for (const [options, message] of cases) {
    const error = await rejection(readNumbers(t, sourceOf(server, options), new Cursor()), 'InvalidSpec')
    assert.match(error.message, message)
    assert.equal(error.permanent, true)
  }
})

check('a query cannot bring a second statement, nor write', async (t, server) => {
  const table = await newTable(server, 'id bigint NOT NULL, n integer')
  for (const query of [
    `SELECT 1::bigint AS id, 1 AS n) AS x; COMMIT; DROP TABLE "${table}"; SELECT (1`,
    `WITH gone AS (DELETE FROM "${table}" RETURNING *) SELECT * FROM gone`,
  ]) {
    await rejection(readNumbers(t, sourceOf(server, { from: { query } }), new Cursor()), 'InvalidSpec')
  }
  assert.deepEqual(await server.query(`SELECT count(*)::int AS rows FROM "${table}"`), [{ rows: 0 }])
})

check('who may not log in or read is told which variable to correct, and never the secret', async (_, server) => {
  const table = await newTable(server, 'id bigint NOT NULL, n integer')
  await server.query(`CREATE ROLE guest LOGIN PASSWORD 'a-guest-of-tests'`)
  const at = (url: string) => sourceOf({ url }, { from: { table } })
  const asGuest = new URL(server.url)
  Object.assign(asGuest, { username: 'guest', password: 'a-guest-of-tests' })
  const wrong = `${server.url.replace(server.password, 'a-wrong-secret')}`
  const closed = server.url.replace(`:${server.port}/`, ':1/')
  const cases = [
    [at(wrong), 'SourceUnavailable', /refused the user or the password of ORDERS_DATABASE \(SQLSTATE 28P01\)/],
    [at(`${server.url}-gone`), 'SourceUnavailable', /no such database as ORDERS_DATABASE names/],
    [at(closed), 'SourceUnavailable', /ECONNREFUSED.*\. Check the server, and the network to it\.$/],
    [at(asGuest.href), 'NotAllowed', /permission denied for table .*\. Grant SELECT to the user of ORDERS_DATABASE\.$/],
  ] as const
  for (const [source, code, message] of cases) {
    const error = await rejection(nextFrom(source), code)
    assert.match(error.message, message)
    for (let shown: unknown = error; shown instanceof Error; shown = shown.cause) {
      assert.doesNotMatch(
        `${shown.message} ${JSON.stringify(shown)}`,
        /a-(wrong-secret|secret-of-tests|guest-of-tests)/,
      )
    }
  }
})

const nextFrom = (source: ReturnType<typeof sourceOf>) => nextBatch(source, new Cursor())

check('a server that accepts and never answers is unavailable', async (t) => {
  const silent = createServer((socket) => socket.on('error', () => undefined))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.after(() => silent.close())
  const address = silent.address()
  const port = address !== null && typeof address === 'object' ? address.port : assert.fail()
  const source = sourceOf({ url: `postgres://a:b@127.0.0.1:${port}/c` }, { from: { table: 'orders' } })
  const error = await rejection(nextFrom(source), 'SourceUnavailable')
  assert.match(error.message, /timeout expired\. Check the server/)
})

check('a statement that takes too long is ended', async (t, server) => {
  const source = sourceOf(server, { from: SLOW, statementTimeoutSeconds: 0.3 })
  const error = await rejection(readNumbers(t, source, new Cursor()), 'SourceUnavailable')
  assert.match(error.message, /statement timeout\); it may take 0\.3 s\. Index the key, or raise/)
})

check('who is stopped stops at once, on the server too', async (t, server) => {
  const running = () =>
    server.query(
      `SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid() AND state <> 'idle'`,
    )
  const to = join(await temporaryFolder(t), 'batch')
  const source = sourceOf(server, { from: SLOW })
  const place = { origin: 'postgres:query by id', after: '', upTo: null }
  const batch = { path: 'postgres:query', bytes: 0, modifiedAt: '2001-01-01T00:00:00Z', format: 'json', place } as const
  for (const act of [
    (signal: AbortSignal) => source.find(new Cursor(), { limit: 1, signal }),
    (signal: AbortSignal) => source.fetch(batch, to, { signal }),
  ]) {
    const stop = new AbortController()
    const acting = rejection(act(stop.signal), 'Cancelled')
    await until('the statement to run', async () => (await running()).length > 0)
    const stopped = performance.now()
    stop.abort()
    await acting
    assert.ok(performance.now() - stopped < 3000)
    assert.deepEqual(await running(), [])
  }
})

check('a connection that is killed in the middle leaves no half batch', async (t, server) => {
  const ROWS = 300_000
  const workshop = await openWorkshop(t)
  const table = await newTable(server, 'id bigint PRIMARY KEY, date timestamptz, distance integer')
  await server.query(`INSERT INTO "${table}" SELECT i, '2001-01-01', i % 6000 FROM generate_series(1, ${ROWS}) i`)
  const spec = flightsSpec({
    columns: { date: { type: 'timestamp' }, distance: { type: 'integer' } },
    derived: {},
    features: ['distance'],
    label: { sql: 'distance > 3000', delayDays: 1 },
  })
  const from = sourceOf(server, { from: { table }, columns: ['date', 'distance'], batchRows: ROWS })
  const { context } = workshop
  const [source] = (await collectBatches(context, { dataset: 'flights', from, limit: 1 })).batches
  if (source === undefined) assert.fail('nothing was found')
  const ingest = () => ingestBatch(context, { spec, specRevision: 1, from, source, actor: 'test' })
  const broken = rejection(ingest(), 'SourceUnavailable')
  await until('the backend to be killed', async () => {
    const killed = await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'refit source, reads only' AND query LIKE 'FETCH FORWARD 2000%'`)
    return killed.length > 0
  })
  assert.match((await broken).message, /terminat/)
  const [again] = (await collectBatches(context, { dataset: 'flights', from, limit: 1 })).batches
  assert.deepEqual(again?.place, source.place)
  assert.equal((await ingest())?.commit.receipt.rowsIn, ROWS)
  assert.deepEqual((await collectBatches(context, { dataset: 'flights', from, limit: 1 })).batches, [])
})
