import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readBatches } from '../../../src/data/selection/read.js'
import { collect } from '../../support/collect.js'
import { rejection } from '../../support/rejection.js'
import { openWorkshop, query } from '../workshop.js'

const FEATURES = [
  { name: 'n', kind: 'numeric' },
  { name: 'b', kind: 'numeric' },
  { name: 's', kind: 'categorical' },
] as const

async function writeRows(folder: string, name: string, from: number, to: number): Promise<string> {
  const file = join(folder, `${name}.parquet`)
  await query(`COPY (SELECT CASE WHEN i % 5 = 0 THEN NULL ELSE i END AS n, i % 2 = 0 AS b, CASE WHEN i % 3 = 0 THEN NULL ELSE 's' || i END AS s
    FROM range(${from}, ${to}) t(i)) TO '${file}' (FORMAT parquet)`)
  return file
}

test('rows come as columns, in stored order, over all files', async (t) => {
  const { context, folder } = await openWorkshop(t)
  const files = [await writeRows(folder, 'b', 0, 5000), await writeRows(folder, 'a', 5000, 7001)]
  const batches = await collect(
    readBatches(context, {
      files,
      features: FEATURES,
      expressions: { twice: '2 * n', late: 'n > 10' },
      batchRows: 3000,
      orderBy: 'stored',
    }),
  )
  assert.deepEqual(
    batches.map(({ rows }) => rows),
    [3000, 3000, 1001],
  )
  let row = 0
  for (const { rows, columns } of batches) {
    assert.deepEqual(Object.keys(columns), ['n', 'b', 's', 'twice', 'late'])
    for (let index = 0; index < rows; index++, row++) {
      const n = row % 5 === 0 ? Number.NaN : row
      const found = Object.values(columns).map(({ values }) => values[index])
      assert.deepEqual(found, [
        n,
        row % 2 === 0 ? 1 : 0,
        row % 3 === 0 ? null : `s${row}`,
        2 * n,
        Number.isNaN(n) ? n : n > 10 ? 1 : 0,
      ])
    }
    for (const { values } of Object.values(columns)) assert.equal(values.length, rows)
  }
  assert.equal(row, 7001)
})

test('nothing to read gives no batch', async (t) => {
  const { context, folder } = await openWorkshop(t)
  assert.deepEqual(await collect(readBatches(context, { files: [], features: FEATURES })), [])
  const files = [await writeRows(folder, 'a', 0, 0)]
  assert.deepEqual(await collect(readBatches(context, { files, features: FEATURES })), [])
})

test('what cannot be read is refused, and a reader that stops frees the instance', async (t) => {
  const { context, folder } = await openWorkshop(t)
  const files = [await writeRows(folder, 'a', 0, 10)]
  const read = (change: object) => collect(readBatches(context, { files, features: FEATURES, ...change }))
  const missing = await rejection(read({ features: [{ name: 'x', kind: 'numeric' }] }), 'InvalidInput')
  assert.match(missing.message, /^Cannot read 1 files: Binder Error: Referenced column "x" not found/)
  await rejection(read({ expressions: { x: "(SELECT 1 FROM read_text('/etc/passwd'))" } }), 'InvalidInput')
  await rejection(read({ signal: AbortSignal.abort() }), 'Cancelled')
  for await (const { rows } of readBatches(context, { files, features: FEATURES, batchRows: 2 })) {
    assert.equal(rows, 2)
    break
  }
})
