import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DerivedRows } from '../../../src/data/rules/derive.js'
import { createDeriver } from '../../../src/data/rules/derive.js'
import { featureColumns } from '../../../src/data/rules/features.js'
import { readBatches } from '../../../src/data/selection/read.js'
import type { ModelSpec } from '../../../src/spec/spec.js'
import { collect } from '../../support/collect.js'
import { rejection } from '../../support/rejection.js'
import { FLIGHTS, flightsSpec, openWorkshop, query, type Workshop } from '../workshop.js'

/** Every kind of derived column: arithmetic, times, texts, missing values. */
const SPEC = flightsSpec({
  derived: {
    hour: { type: 'integer', sql: 'hour(date)' },
    weekday: { type: 'string', sql: 'dayname(date)' },
    share: { type: 'number', sql: 'distance / 3.0 + ln(distance + 1)' },
    far: { type: 'boolean', sql: 'distance > 1000' },
    early: { type: 'number', sql: 'nullif(delay, 0) * -0.1' },
    route: { type: 'string', sql: "lower(origin) || '-' || destination" },
  },
  features: ['distance', 'delay', 'hour', 'weekday', 'share', 'far', 'early', 'route', 'origin'],
})

/** What ingestion makes of a file of rows. */
async function ingested(workshop: Workshop, spec: ModelSpec, path: string): Promise<DerivedRows> {
  const { commit } = await workshop.ingest(spec, await workshop.find(path))
  assert.equal(commit.receipt.kept, commit.receipt.rowsIn)
  const files = [await workshop.context.storage.toLocalFile(commit.partition?.uri ?? '')]
  const score = spec.baseline.kind === 'rule' ? spec.baseline.score : 'NULL'
  const request = { files, features: featureColumns(spec), expressions: { _score: score } }
  const [batch] = await collect(readBatches(workshop.context, request))
  assert.ok(batch !== undefined)
  const { _score, ...columns } = batch.columns
  assert.ok(_score?.kind === 'numeric')
  return { batch: { rows: batch.rows, columns }, baseline: _score.values }
}

test('serving sees exactly what ingestion stored, whatever the format of the file', async (t) => {
  const workshop = await openWorkshop(t)
  const rows = await query(
    `SELECT * REPLACE (CASE WHEN delay % 7 = 0 THEN NULL ELSE delay END AS delay) FROM read_parquet('${FLIGHTS}') USING SAMPLE 700 ROWS (reservoir, 1)`,
  )
  const source = `(SELECT * FROM read_json('${join(workshop.folder, 'rows.jsonl')}', columns = {date: 'TIMESTAMP', delay: 'BIGINT', distance: 'BIGINT', origin: 'VARCHAR', destination: 'VARCHAR'}))`
  await workshop.put('rows.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'))
  for (const [name, options] of [
    ['a.parquet', 'FORMAT parquet'],
    ['a.csv', 'FORMAT csv'],
    ['a.json.gz', 'FORMAT json, COMPRESSION gzip'],
  ] as const) {
    await query(`COPY ${source} TO '${join(workshop.folder, 'in', name)}' (${options})`)
  }
  const deriver = createDeriver(SPEC)
  t.after(() => deriver.close())
  const [served, again] = await Promise.all([deriver.derive(rows), deriver.derive(rows)])
  assert.deepEqual(again, served)
  assert.equal(served.batch.rows, 700)
  for (const name of ['a.parquet', 'a.csv', 'a.json.gz']) {
    const stored = await ingested(workshop, SPEC, `in/${name}`)
    assert.deepEqual(stored.batch, served.batch, name)
    assert.deepEqual(stored.baseline, served.baseline, name)
  }
})

test('requests may lack values, carry numbers as numbers or text, and break rules about values', async (t) => {
  const deriver = createDeriver(SPEC)
  t.after(() => deriver.close())
  const { batch, baseline } = await deriver.derive([
    { date: new Date('2001-01-01T10:30:00Z'), delay: null, distance: 9000, origin: 'nowhere', more: 1 },
    { date: '2001-01-01T12:30:00+02:00', delay: '10', distance: 9000n, destination: 'ORD' },
    {},
  ])
  assert.deepEqual(batch.columns.hour?.values, Float64Array.of(10, 10, Number.NaN))
  assert.deepEqual(batch.columns.distance?.values, Float64Array.of(9000, 9000, Number.NaN))
  assert.deepEqual(batch.columns.early?.values, Float64Array.of(Number.NaN, -1, Number.NaN))
  assert.deepEqual(batch.columns.origin?.values, ['nowhere', null, null])
  assert.deepEqual(baseline, Float64Array.of(0.6, 0.6, 0.4))
  assert.equal((await deriver.derive([])).batch.rows, 0)
})

test('a value of another type is named with its row', async (t) => {
  const derived = { code: { type: 'integer', sql: 'CAST(origin AS INTEGER)' } }
  const deriver = createDeriver(flightsSpec({ derived, features: ['code'] }))
  t.after(() => deriver.close())
  const type = await rejection(deriver.derive([{ distance: 1 }, { distance: 1.5 }]), 'InvalidInput')
  assert.equal(
    type.message,
    'Cannot use row 2, column "distance": its value cannot be read as the type that the spec says. Correct the value or leave it out.',
  )
  const sql = await rejection(deriver.derive([{ origin: 'SEA' }]), 'InvalidInput')
  assert.equal(
    sql.message,
    'Cannot use row 1, column "code": its expression fails on the row. Correct the value or leave it out.',
  )
  assert.deepEqual((await deriver.derive([{ origin: '7' }])).batch.columns.code?.values, Float64Array.of(7))
})

test('without a rule there is no baseline, and SQL that cannot be used is refused', async (t) => {
  const peer = createDeriver(flightsSpec({}, { baseline: { kind: 'http', url: 'http://127.0.0.1:1/invocations' } }))
  t.after(() => peer.close())
  assert.equal((await peer.derive([{}])).baseline, null)
  const broken = createDeriver(flightsSpec({}, { baseline: { kind: 'rule', score: 'nothing' } }))
  await rejection(broken.derive([{}]), 'InvalidSpec')
  await broken.close()
})
