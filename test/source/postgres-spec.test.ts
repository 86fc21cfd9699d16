/** What a spec says of a PostgreSQL source, and what of its address is shown and allowed. No server is needed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config.js'
import { postgresAddress } from '../../src/source/postgres.js'
import { DataSource } from '../../src/spec/data-source.js'
import { openPorts } from '../../src/wiring.js'
import { flightsSpec } from '../data/workshop.js'
import { changed, problemsOf } from '../spec/valid-spec.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const at = (address: string) => postgresAddress('ORDERS_DATABASE', { ORDERS_DATABASE: address })

test('the address that is shown is the one that will be used, without user and password', () => {
  const cases = [
    ['postgres://joe:secret@db.example.com:6432/orders', 'postgres://db.example.com:6432/orders'],
    ['postgresql://joe:secret@db.example.com/orders?sslmode=disable', 'postgres://db.example.com:5432/orders'],
    // Parameters win over the beginning: what is allowed must be where the password goes.
    [
      'postgres://joe:secret@allowed.example.com/orders?host=elsewhere.example.com',
      'postgres://elsewhere.example.com:5432/orders',
    ],
    ['postgres://joe:se%2Fcret@[::1]:6432/orders', 'postgres://[::1]:6432/orders'],
  ] as const
  for (const [address, shown] of cases) assert.equal(at(address).shown, shown)
})

test('a variable that is not set, or holds no address, is named, and its value is not', () => {
  const unset = /environment variable ORDERS_DATABASE that holds its address is not set\. Set it for the worker\.$/
  assert.throws(() => postgresAddress('ORDERS_DATABASE', {}), { code: 'NotAllowed', message: unset })
  for (const value of ['joe:secret@host/orders', 'https://joe:secret@host', 'postgres://joe:secret@host:port/orders']) {
    assert.throws(
      () => at(value),
      (thrown) => {
        assert.ok(thrown instanceof Error)
        assert.match(
          thrown.message,
          /ORDERS_DATABASE .* is not of the form postgres:\/\/user:password@host:5432\/database/,
        )
        assert.doesNotMatch(`${thrown.message} ${JSON.stringify(thrown)} ${thrown.stack}`, /secret/)
        assert.equal(thrown.cause, undefined)
        return true
      },
    )
  }
})

test('a spec names either a table or a query, and what is left out has its default', () => {
  const source = { kind: 'postgres', connectionEnv: 'ORDERS_DATABASE', key: 'id' }
  assert.deepEqual(DataSource.parse({ ...source, table: 'sales.orders' }), {
    ...source,
    table: 'sales.orders',
    safetyLagSeconds: 60,
    batchRows: 200_000,
    statementTimeoutSeconds: 300,
  })
  assert.equal(DataSource.safeParse({ ...source, query: 'SELECT 1' }).success, true)
  for (const wrong of [{}, { table: 'a', query: 'SELECT 1' }, { table: 'a.b.c' }, { table: 'a"b' }, { table: '' }]) {
    assert.equal(DataSource.safeParse({ ...source, ...wrong }).success, false, JSON.stringify(wrong))
  }
})

test('mistakes in a PostgreSQL source are told with the way out', () => {
  const specWith = (...lines: readonly string[]) =>
    changed(
      '    kind: files\n    glob: landing/*.csv\n',
      ['kind: postgres', 'connectionEnv: ORDERS_DATABASE', ...lines].map((line) => `    ${line}\n`).join(''),
    )
  const cases: [lines: readonly string[], problem: RegExp][] = [
    [
      ['key: id'],
      /^\S+ data\.source\.table: expected either table or query, found nothing\. Add it, such as table: \S+\.$/,
    ],
    [
      ['key: id', 'table: a', 'query: SELECT 1'],
      /^\S+ data\.source\.table: expected either table or query, found "a"\./,
    ],
    [['table: orders'], /^\S+ data\.source\.key: expected text, found nothing\. Add it, such as key: id\.$/],
    [['key: id', 'tables: orders'], /^\S+ data\.source\.tables: .* found "tables"\. Did you mean "table"\?$/],
  ]
  for (const [lines, problem] of cases) assert.match(problemsOf(specWith(...lines)), problem)
})

test('the operator allows a server by how its address begins', async (t) => {
  const folder = await temporaryFolder(t)
  process.env.ORDERS_DATABASE = 'postgres://joe:secret@db.example.com:6432/orders'
  t.after(() => delete process.env.ORDERS_DATABASE)
  const spec = flightsSpec({
    source: { kind: 'postgres', connectionEnv: 'ORDERS_DATABASE', table: 'orders', key: 'id' },
  })
  const open = async (urls: string) => {
    const places = { REFIT_STORE: `file:${folder}/store`, REFIT_SCRATCH: `${folder}/scratch`, REFIT_CACHE: folder }
    return (await openPorts(readConfig({ ...places, REFIT_ALLOW_URLS: urls }))).openSource({ spec, folder })
  }
  for (const urls of ['postgres://db.example.com:6432/', 'https://a.example.com/,postgres://', '*']) await open(urls)
  for (const urls of ['', 'postgres://db.example.com:6432/other', 'postgres://joe:secret@db.example.com']) {
    await assert.rejects(open(urls), (thrown) => {
      assert.ok(thrown instanceof Error)
      assert.match(thrown.message, /^Cannot ask "postgres:\/\/db\.example\.com:6432\/orders" for a spec/)
      return true
    })
  }
})
