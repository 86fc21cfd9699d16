/** The order of a PostgreSQL source: nothing is skipped and nothing comes twice, whatever commits when. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import type { Client } from 'pg'
import { RefitError } from '../../src/errors.js'
import type { PostgresServer } from '../support/postgres.js'
import { rejection } from '../support/rejection.js'
import { sourceConformance } from './conformance.js'
import { Cursor, KEYS, type KeyKind, linesOf, newTable, openServer, readNumbers, sourceOf } from './postgres-world.js'

const { server, check } = await openServer()
const kinds: readonly KeyKind[] = ['bigint', 'timestamptz', 'xid8']

if (server.kind === 'running') {
  for (const kind of kinds) {
    sourceConformance(`postgres by ${kind}`, {
      schedules: 8,
      async open() {
        const table = await newTable(server, `${KEYS[kind]}, n integer`)
        return {
          source: sourceOf(server, { from: { table }, batchRows: 3 }),
          arrive: async (numbers) => {
            await server.query(`INSERT INTO "${table}" (n) VALUES ${numbers.map((n) => `(${n})`).join(', ')}`)
          },
          numbersIn: async (bytes) => linesOf<{ n: number }>(bytes).map(({ n }) => n),
          async stopAnswering() {
            await server.halt()
            return () => server.start()
          },
        }
      },
    })
  }
}

/** A transaction that takes its key at once and writes its row with it later. */
async function holdKey(client: Client, table: string, kind: KeyKind): Promise<(n: number) => Promise<void>> {
  const taken = {
    bigint: `SELECT nextval(pg_get_serial_sequence('"${table}"', 'id')) AS key`,
    timestamptz: 'SELECT now()::text AS key',
    xid8: 'SELECT pg_current_xact_id() AS key',
  }
  await client.query('BEGIN')
  const { rows } = await client.query<{ key: string }>(taken[kind])
  return async (n) => {
    await client.query(`INSERT INTO "${table}" (id, n) VALUES ($1, $2)`, [rows[0]?.key, n])
  }
}

const insert = (to: PostgresServer, table: string, n: number) => to.query(`INSERT INTO "${table}" (n) VALUES (${n})`)

for (const kind of kinds) {
  check(`${kind}: a transaction that took a lower key and commits later is waited for`, async (t, server) => {
    const table = await newTable(server, `${KEYS[kind]}, n integer`)
    const source = sourceOf(server, { from: { table }, safetyLagSeconds: kind === 'timestamptz' ? 0 : 20 })
    const late = await server.connect()
    t.after(() => late.end())
    const write = await holdKey(late, table, kind)
    await sleep(5)
    await insert(server, table, 2)

    const known = new Cursor()
    if (kind === 'bigint') {
      const reading = readNumbers(t, source, known)
      await sleep(400)
      await write(1)
      await late.query('COMMIT')
      assert.deepEqual(await reading, [1, 2])
    } else if (kind === 'timestamptz') {
      const error = await rejection(readNumbers(t, source, known), 'SourceUnavailable')
      assert.match(error.message, /a transaction of process \d+ is open since .* and may still write rows with earlier/)
      await write(1)
      await late.query('COMMIT')
      assert.deepEqual(await readNumbers(t, source, known), [1, 2])
    } else {
      assert.equal(await readNumbers(t, source, known), undefined)
      await write(1)
      assert.equal(await readNumbers(t, source, known), undefined)
      await late.query('COMMIT')
      assert.deepEqual(await readNumbers(t, source, known), [1, 2])
    }
    assert.equal(await readNumbers(t, source, known), undefined)
  })
}

check('a transaction that stays open makes the source unavailable, and a prepared one does too', async (t, server) => {
  const table = await newTable(server, `${KEYS.bigint}, n integer`)
  const source = sourceOf(server, { from: { table } })
  const late = await server.connect()
  t.after(() => late.end())
  const write = await holdKey(late, table, 'bigint')
  await insert(server, table, 2)
  const known = new Cursor()
  const open = await rejection(readNumbers(t, source, known), 'SourceUnavailable')
  assert.match(open.message, /^Cannot read table "Rows .*" of data\.source: a transaction of process \d+ is open/)
  assert.match(open.message, /End it, raise data\.source\.safetyLagSeconds, or use a key of type xid8\.$/)
  await write(1)
  await late.query(`PREPARE TRANSACTION 'held'`)
  const prepared = await rejection(readNumbers(t, source, known), 'SourceUnavailable')
  assert.match(prepared.message, /the prepared transaction \d+ is open since/)
  await late.query(`COMMIT PREPARED 'held'`)
  assert.deepEqual(await readNumbers(t, source, known), [1, 2])
})

check('a transaction that is prepared while it is waited for is still waited for', async (t, server) => {
  const table = await newTable(server, `${KEYS.bigint}, n integer`)
  const late = await server.connect()
  t.after(() => late.end())
  const write = await holdKey(late, table, 'bigint')
  await insert(server, table, 2)
  const reading = readNumbers(t, sourceOf(server, { from: { table }, safetyLagSeconds: 20 }), new Cursor())
  await sleep(300)
  await write(1)
  await late.query(`PREPARE TRANSACTION 'later'`)
  await sleep(300)
  await late.query(`COMMIT PREPARED 'later'`)
  assert.deepEqual(await reading, [1, 2])
})

check('transactions that cannot matter are not waited for', async (t, server) => {
  const table = await newTable(server, `${KEYS.timestamptz}, n integer`)
  await insert(server, table, 1)
  await sleep(5)
  const younger = await server.connect()
  t.after(() => younger.end())
  await younger.query('BEGIN')
  await younger.query('SELECT pg_current_xact_id()')
  assert.deepEqual(await readNumbers(t, sourceOf(server, { from: { table } }), new Cursor()), [1])

  const byNumber = await newTable(server, `${KEYS.bigint}, n integer`)
  await insert(server, byNumber, 1)
  const elsewhere = await server.query('CREATE DATABASE elsewhere')
  assert.deepEqual(elsewhere, [])
  await younger.query('ROLLBACK')
  assert.deepEqual(await readNumbers(t, sourceOf(server, { from: { table: byNumber } }), new Cursor()), [1])
})

check('a young row waits for the safety lag', async (t, server) => {
  const table = await newTable(server, `${KEYS.timestamptz}, n integer`)
  await insert(server, table, 1)
  const source = sourceOf(server, { from: { table }, safetyLagSeconds: 1 })
  assert.equal(await readNumbers(t, source, new Cursor()), undefined)
  await sleep(1100)
  assert.deepEqual(await readNumbers(t, source, new Cursor()), [1])
})

check('rows of one key are never cut in two, though a batch then has more', async (t, server) => {
  const table = await newTable(server, `${KEYS.timestamptz}, n integer`)
  const times = [1, 2, 2, 2, 2, 3, 4, 4]
  const values = times.map((second, n) => `('2001-01-01 00:00:0${second}.123456+00', ${n})`)
  await server.query(`INSERT INTO "${table}" (id, n) VALUES ${values.join(', ')}`)
  const source = sourceOf(server, { from: { table }, batchRows: 2 })
  const known = new Cursor()
  const batches: number[][] = []
  for (;;) {
    const numbers = await readNumbers(t, source, known)
    if (numbers === undefined) break
    batches.push(numbers.toSorted((one, other) => one - other))
  }
  assert.deepEqual(batches, [
    [0, 1, 2, 3, 4],
    [5, 6, 7],
  ])
  assert.equal(known.cursor(), '2001-01-01 00:00:04.123456+00')
})

/** One thing that one of three sessions does, or a look of the source. */
const Step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('begin' as const), session: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write' as const), session: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('commit' as const), session: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('undo' as const), session: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), session: fc.constant(0) }) },
)

/** A session that writes at most one row in a transaction, with the key that it took at the beginning. */
class Writer {
  #write: ((n: number) => Promise<void>) | undefined
  #wrote: readonly number[] = []
  constructor(
    readonly client: Client,
    readonly table: string,
    readonly committed: number[],
  ) {}

  async begin(kind: KeyKind): Promise<void> {
    this.#write ??= await holdKey(this.client, this.table, kind)
  }

  async write(n: number): Promise<void> {
    if (this.#write === undefined || this.#wrote.length > 0) return
    await this.#write(n)
    this.#wrote = [n]
  }

  async end(word: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    if (this.#write === undefined) return
    await this.client.query(word)
    if (word === 'COMMIT') this.committed.push(...this.#wrote)
    this.#write = undefined
    this.#wrote = []
  }
}

for (const kind of kinds) {
  check(`${kind}: every committed row comes once, whenever keys are taken and transactions end`, async (t, server) => {
    const clients = await Promise.all([0, 1, 2].map(() => server.connect()))
    t.after(() => Promise.all(clients.map((client) => client.end())))
    const property = fc.asyncProperty(fc.array(Step, { minLength: 8, maxLength: 30 }), async (steps) => {
      const table = await newTable(server, `${KEYS[kind]}, n integer`)
      const source = sourceOf(server, { from: { table }, batchRows: 2 })
      const known = new Cursor()
      const committed: number[] = []
      const came: number[] = []
      const writers = clients.map((client) => new Writer(client, table, committed))
      const read = async () => {
        const batch = await readNumbers(t, source, known).catch(nothingWhileBlocked)
        came.push(...(batch ?? []))
        return batch !== undefined
      }
      for (const [index, { kind: step, session }] of steps.entries()) {
        const writer = writers[session] ?? assert.fail('there are three')
        if (step === 'read') await read()
        if (step === 'begin') await writer.begin(kind)
        if (step === 'write') await writer.write(index)
        if (step === 'commit') await writer.end('COMMIT')
        if (step === 'undo') await writer.end('ROLLBACK')
      }
      for (const writer of writers) await writer.end('COMMIT')
      while (await read());
      assert.deepEqual(came.toSorted(byNumber), committed.toSorted(byNumber))
    })
    await fc.assert(property, { numRuns: 25, endOnFailure: true })
  })
}

/** An open transaction may be in the way; that is no loss. */
function nothingWhileBlocked(thrown: unknown): undefined {
  if (thrown instanceof RefitError && thrown.code === 'SourceUnavailable') return undefined
  throw thrown
}

const byNumber = (one: number, other: number) => one - other
