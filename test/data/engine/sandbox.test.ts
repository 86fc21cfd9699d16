import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDuckDb } from '../../../src/data/engine/context.js'
import { checkExpressions } from '../../../src/data/rules/expressions.js'
import { rejection } from '../../support/rejection.js'
import { flightsSpec, openWorkshop } from '../workshop.js'

test('an instance reaches its own files and scratch folder, nothing else, and stays so', async (t) => {
  const { context, folder } = await openWorkshop(t)
  const [readable, secret] = [join(folder, 'readable'), join(folder, 'secret.csv')]
  await mkdir(readable)
  await writeFile(join(readable, 'a.csv'), 'x\n1\n')
  await writeFile(secret, 'x\n1\n')
  const duckDb = await openDuckDb(context, { readable: [readable] })
  t.after(() => duckDb.close())
  const { connection } = duckDb
  await connection.run(`SELECT * FROM read_csv('${readable}/a.csv')`)
  await connection.run(`COPY (SELECT 1) TO '${duckDb.folder}/out.csv'`)
  const attempts = [
    `SELECT * FROM read_csv('${secret}')`,
    `SELECT * FROM read_text('/etc/passwd')`,
    `SELECT * FROM glob('/etc/*')`,
    `SELECT * FROM read_csv('${readable}/../secret.csv')`,
    `COPY (SELECT 1) TO '${folder}/out.csv'`,
    `ATTACH '${folder}/x.db'`,
    `EXPORT DATABASE '${folder}/x'`,
    'INSTALL httpfs',
    "SELECT * FROM read_csv('https://127.0.0.1/x.csv')",
    'SET enable_external_access = true',
    `SET allowed_directories = ['${folder}']`,
    "SET memory_limit = '100GB'",
    'SET lock_configuration = false',
  ]
  for (const sql of attempts) {
    await assert.rejects(connection.run(sql), /Permission Error|has been locked|disabled|Invalid Input|Cannot/, sql)
  }
})

test('SQL of a spec is one expression over the row, or is refused with its path', async () => {
  const cases: [sql: string, found: RegExp][] = [
    ["(SELECT content FROM read_text('/etc/passwd'))", /subquery/],
    ['distance IN (SELECT 1)', /subquery/],
    ['1) FROM range(9), (SELECT 2', /more than|syntax error/],
    ['1), (2', /more than one expression|syntax error/],
    ['1; DROP TABLE checked', /syntax error/],
    ['1 AS x', /syntax error/],
    ["1)) AS v; COPY (SELECT 1) TO '/tmp/x'; SELECT ((1", /syntax error|more than/],
    ['distance /* ', /unterminated/],
    ['sum(distance)', /aggregates/],
    ['row_number() OVER ()', /window function/],
    ['random()', /random\(\), which answers differently/],
    ['now()', /now\(\), which answers differently/],
    ['current_date', /current_date/],
    ["current_setting('temp_directory')", /does not depend on the row/],
    ['$1', /a parameter/],
    ['COLUMNS(*)', /\*/],
    ['r.distance', /a name with a dot/],
    ['_raw_distance', /not found/],
    ['distence', /"distence" not found/],
    ['origin + 1', /Binder Error|Conversion/],
    ['', /syntax error/],
  ]
  for (const [sql, found] of cases) {
    if (sql === '') continue
    const problems = await checkExpressions(
      flightsSpec({ derived: { hour: { type: 'integer', sql }, far: { type: 'boolean', sql: 'true' } } }),
    )
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['data.derived.hour.sql'],
      sql,
    )
    assert.match(problems[0]?.found ?? '', found, sql)
    assert.equal(problems[0]?.expected, 'one DuckDB expression over the columns of the row')
  }
})

test('all problems of a spec are found at once', async () => {
  const spec = flightsSpec(
    {
      columns: {
        date: { type: 'timestamp' },
        distance: { type: 'integer' },
        Distance: { type: 'integer' },
        weight: { type: 'number' },
        origin: { type: 'string', pattern: '[' },
      },
      derived: {},
      features: ['distance', 'weight'],
      label: { sql: 'delay > 15' },
    },
    { baseline: { kind: 'rule', score: 'random()' } },
  )
  const problems = await checkExpressions(spec)
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['data.columns.Distance', 'data.features[1]', 'data.columns.origin.pattern', 'data.label.sql', 'baseline.score'],
  )
})

test('ingestion refuses SQL that cannot be used, and commits nothing', async (t) => {
  const workshop = await openWorkshop(t)
  const source = await workshop.put('in/a.csv', 'date,delay,distance,origin,destination\n')
  const spec = flightsSpec({ label: { sql: "(SELECT content = '' FROM read_text('/etc/passwd'))" } })
  const error = await rejection(workshop.ingest(spec, source), 'InvalidSpec')
  assert.equal(
    error.message,
    'Cannot use the spec of "flights": data.label.sql: expected one DuckDB expression over the columns of the row, found a subquery. Correct it and apply the spec again.',
  )
})
