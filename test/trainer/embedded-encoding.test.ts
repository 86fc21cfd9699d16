import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Batch } from '../../src/predictor/predictor.js'
import { encodeRows } from '../../src/trainer/embedded/encode.js'
import { extendEncoding, fitEncoding } from '../../src/trainer/embedded/encoding.js'
import { collectTable, type Table } from '../../src/trainer/embedded/table.js'
import { extendWeights, initialWeights } from '../../src/trainer/embedded/weights.js'
import { rejection } from '../support/rejection.js'

const FEATURES = [
  { name: 'size', kind: 'numeric' },
  { name: 'hour', kind: 'numeric' },
  { name: 'city', kind: 'categorical' },
] as const
const LIMITS = { embed: ['hour'], minCount: 2, maxValues: 10 } as const

test('values are those frequent enough, most frequent first, then by value', async () => {
  const { embedded } = fitEncoding(await tableOf(rows()), FEATURES, LIMITS)
  assert.deepEqual(embedded, [
    { name: 'hour', kind: 'numeric', values: [8, 9] },
    { name: 'city', kind: 'categorical', values: ['Bonn', 'Ulm'] },
  ])
  const [hour] = fitEncoding(await tableOf(rows()), FEATURES, { ...LIMITS, maxValues: 1 }).embedded
  assert.deepEqual(hour?.values, [8])
})

test('scales come from finite values; a constant has a deviation of one', async () => {
  const { scaled } = fitEncoding(await tableOf(rows()), FEATURES, LIMITS)
  assert.deepEqual(scaled[0], { name: 'size', mean: 2.5, deviation: Math.sqrt(1.25) })
  const constant = rows().map(([, hour, city]): Row => [4, hour, city])
  const { scaled: same } = fitEncoding(await tableOf(constant), FEATURES, LIMITS)
  assert.deepEqual(same[0], { name: 'size', mean: 4, deviation: 1 })
})

test('rows become rows of the table: missing, unknown, then values; numbers are scaled, cut and marked', async () => {
  const table = await tableOf(rows())
  const encoding = fitEncoding(table, FEATURES, LIMITS)
  const encoded = encodeRows(
    await tableOf([
      [2.5, 8, 'Bonn'],
      [Number.NaN, 9.7, 'Ulm'],
      [1e9, -1, 'Rom'],
      [Number.POSITIVE_INFINITY, Number.NaN, null],
      [2.5, 8, ''],
    ]),
    encoding,
  )
  // hour has the rows 0 to 3, city 4 to 7.
  assert.deepEqual(Array.from(encoded.ids), [2, 6, 3, 7, 1, 5, 0, 4, 2, 4])
  const sizes = Array.from({ length: 5 }, (_, row) => Array.from(encoded.numbers.slice(4 * row, 4 * row + 2)))
  assert.deepEqual(sizes, [
    [0, 0],
    [0, 1],
    [10, 0],
    [0, 1],
    [0, 0],
  ])
})

test('an extended encoding keeps the rows of known values and starts new ones where unknown are', async () => {
  const table = await tableOf(rows())
  const encoding = fitEncoding(table, FEATURES, LIMITS)
  const weights = initialWeights(encoding, { hidden: [], embeddingSize: 4 }, { seed: 1, positiveShare: 0.5 })
  weights.embedding.fill(7, 5 * 4, 6 * 4)
  const more = [...rows(), [1, 8, 'Rom'], [1, 8, 'Rom']] satisfies Row[]
  const extended = extendEncoding(encoding, await tableOf(more), LIMITS)
  assert.deepEqual(extended.embedded[1]?.values, ['Bonn', 'Ulm', 'Rom'])
  assert.deepEqual(extended.scaled, encoding.scaled)
  const { embedding } = extendWeights(weights, encoding, extended)
  assert.deepEqual(embedding.slice(0, 32), weights.embedding)
  assert.deepEqual(Array.from(embedding.slice(32)), [7, 7, 7, 7])
})

test('a table is the same however its rows are cut into batches', async () => {
  const whole = await tableOf(rows())
  assert.deepEqual(await tableOf(rows(), 2), whole)
})

test('a target that is none is refused with the row', async () => {
  const check = async (label: number, weight: number, message: string) => {
    const error = await rejection(tableOf([...rows(), [1, 1, 'Bonn', label, weight]]), 'TrainingFailed')
    assert.equal(error.message, message)
  }
  await check(Number.NaN, 1, 'Cannot train on "file": label of row 6 is NaN, expected 0 or 1.')
  await check(1, -1, 'Cannot train on "file": weight of row 6 is -1, expected 0 or more.')
})

type Row = readonly [size: number, hour: number, city: string | null, label?: number, weight?: number]

function rows(): Row[] {
  return [
    [1, 9, 'Ulm'],
    [2, 8, 'Bonn'],
    [3, 8, 'Bonn'],
    [4, 8, 'Bonn'],
    [Number.NaN, 9, 'Ulm'],
    [Number.POSITIVE_INFINITY, 7, 'Rom'],
  ]
}

function tableOf(all: readonly Row[], batchRows = 100): Promise<Table> {
  async function* batches(): AsyncGenerator<Batch> {
    for (let from = 0; from < all.length; from += batchRows) {
      const part = all.slice(from, from + batchRows)
      const numbers = (values: readonly number[]) => ({ kind: 'numeric', values: Float64Array.from(values) }) as const
      yield {
        rows: part.length,
        columns: {
          size: numbers(part.map(([size]) => size)),
          hour: numbers(part.map(([, hour]) => hour)),
          city: { kind: 'categorical', values: part.map(([, , city]) => city) },
          label: numbers(part.map(([, , , label = 0]) => label)),
          weight: numbers(part.map(([, , , , weight = 1]) => weight)),
        },
      }
    }
  }
  return collectTable(batches(), FEATURES, 'file')
}
