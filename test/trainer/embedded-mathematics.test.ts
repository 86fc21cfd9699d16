import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRandom } from '../../src/statistics/seeded-random.js'
import { packArrays, unpackArrays } from '../../src/trainer/embedded/array-file.js'
import { calibrate, foldIntoHead } from '../../src/trainer/embedded/calibrate.js'
import { batchRowsFor } from '../../src/trainer/embedded/fit.js'
import { logLoss } from '../../src/trainer/embedded/log-loss.js'
import { createModel } from '../../src/trainer/embedded/model.js'
import { normalFrom, shuffled, seededRandom as streamed } from '../../src/trainer/embedded/random.js'
import type { Weights } from '../../src/trainer/embedded/weights.js'

test('calibration finds slope and shift that made the labels', () => {
  const random = seededRandom(3)
  const logits = Float32Array.from({ length: 40_000 }, () => 6 * random() - 3)
  const label = logits.map((logit) => (random() < 1 / (1 + Math.exp(-(0.5 * logit - 1))) ? 1 : 0))
  const { slope, shift } = calibrate(logits, label, new Float32Array(logits.length).fill(1))
  assert.ok(Math.abs(slope - 0.5) < 0.03, `slope ${slope}`)
  assert.ok(Math.abs(shift + 1) < 0.04, `shift ${shift}`)
})

test('calibration agrees with a hand-solved case', () => {
  // Logit 0 only: the shift alone fits. Weights 300 and 100 give sigmoid(shift) = 3/4 but for the ridge of one row.
  const { slope, shift } = calibrate(Float32Array.of(0, 0), Float32Array.of(1, 0), Float32Array.of(300, 100))
  assert.equal(slope, 1)
  assert.ok(Math.abs(400 / (1 + Math.exp(-shift)) - 300 + shift) < 1e-9)
})

test('calibration of labels of one class stays finite', () => {
  const logits = Float32Array.from({ length: 1000 }, (_, row) => row / 100 - 5)
  const { slope, shift } = calibrate(logits, new Float32Array(1000), new Float32Array(1000).fill(1))
  assert.ok(Number.isFinite(slope) && shift < 0 && shift > -50)
})

test('calibration folded into the head is the map itself', () => {
  const head = { name: 'head', inputs: 2, outputs: 1, weight: Float32Array.of(1, 2), bias: Float32Array.of(3) }
  const [folded] = foldIntoHead([head], { slope: 2, shift: -1 })
  assert.deepEqual(folded, { ...head, weight: Float32Array.of(2, 4), bias: Float32Array.of(5) })
})

test('log loss is weighted, and exact where exp overflows', () => {
  const rows = { label: Float32Array.of(1, 0, 1), weight: Float32Array.of(1, 3, 0) }
  assert.equal(logLoss(Float32Array.of(0, 0, 9), rows), Math.LN2)
  assert.equal(logLoss(Float32Array.of(-1000, -1000, 0), rows), 250)
  assert.equal(logLoss(new Float32Array(), { label: new Float32Array(), weight: new Float32Array() }), null)
})

test('small data make small steps of a multiple of four rows', () => {
  for (const [rows, expected] of [
    [10, 32],
    [4000, 80],
    [10_000, 200],
    [1_000_000, 4096],
  ] as const) {
    assert.equal(batchRowsFor(rows, 4096), expected)
  }
})

test('a step moves embeddings and layers down the gradient', () => {
  // Finite differences of the loss are the reference for the gradient that Adam's first step follows the sign of.
  const layer = (name: string, inputs: number, outputs: number, from: number) => ({
    name,
    inputs,
    outputs,
    weight: Float32Array.from({ length: inputs * outputs }, (_, index) => Math.sin(from + index)),
    bias: new Float32Array(outputs).fill(0.1),
  })
  const weights = {
    embeddingSize: 4,
    embedding: Float32Array.from({ length: 12 }, (_, index) => Math.cos(index)),
    layers: [layer('hidden1', 8, 4, 1), layer('head', 4, 1, 5)],
  }
  const data = {
    rows: 4,
    ids: Int32Array.of(0, 1, 2, 2),
    numbers: Float32Array.of(0.3, 0, -0.2, 0, 0, 1, 0.7, 0),
    label: Float32Array.of(1, 0, 1, 1),
    weight: Float32Array.of(1, 2, 1, 0.5),
  }
  const start = { weights, batchRows: 4, trainable: ['embeddings', 'hidden1', 'head'] }
  const lossAt = (moved: Weights) => logLoss(createModel({ ...start, weights: moved }).logits(data), data) ?? 0
  const rate = 1e-3
  const model = createModel(start)
  const before = model.train(data, Uint32Array.of(0, 1, 2, 3), 1, rate)
  // jax-js approximates log and exp to about five digits.
  assert.ok(Math.abs(before - lossAt(weights)) < 2e-5)
  const after = model.state().weights
  const nudge = 1e-2
  weights.embedding.forEach((value, cell) => {
    const up = { ...weights, embedding: weights.embedding.with(cell, value + nudge) }
    const down = { ...weights, embedding: weights.embedding.with(cell, value - nudge) }
    const slope = (lossAt(up) - lossAt(down)) / (2 * nudge)
    const moved = (after.embedding[cell] ?? 0) - value
    if (Math.abs(slope) > 1e-3)
      assert.ok(Math.abs(moved + Math.sign(slope) * rate) < 1e-5, `cell ${cell}: ${slope} ${moved}`)
  })
  assert.ok(lossAt(after) < before)
})

test('a frozen part does not move', () => {
  const layers = [
    { name: 'head', inputs: 4, outputs: 1, weight: Float32Array.of(1, 1, 1, 1), bias: Float32Array.of(0) },
  ]
  const weights = { embeddingSize: 4, embedding: new Float32Array(8).fill(0.5), layers }
  const data = {
    rows: 1,
    ids: Int32Array.of(1),
    numbers: new Float32Array(),
    label: Float32Array.of(1),
    weight: Float32Array.of(1),
  }
  for (const trainable of ['embeddings', 'head']) {
    const model = createModel({ weights, batchRows: 4, trainable: [trainable] })
    model.train(data, Uint32Array.of(0), 1, 0.01)
    const { weights: now } = model.state()
    assert.equal(trainable === 'embeddings', now.embedding[4] !== 0.5)
    assert.equal(now.embedding[0], 0.5)
    assert.equal(trainable === 'head', now.layers[0]?.weight[0] !== 1)
  }
})

test('shuffles are permutations, another for each epoch and seed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), fc.nat(), fc.nat({ max: 1000 }), (count, seed, stream) => {
      const order = shuffled(count, seed, stream)
      assert.deepEqual(
        Array.from(order).sort((a, b) => a - b),
        Array.from({ length: count }, (_, index) => index),
      )
      assert.deepEqual(shuffled(count, seed, stream), order)
    }),
  )
  assert.notDeepEqual(shuffled(100, 1, 1), shuffled(100, 1, 2))
  assert.notDeepEqual(shuffled(100, 1, 1), shuffled(100, 2, 1))
})

test('random numbers are uniform and normal enough', () => {
  const uniform = streamed(5, 0)
  const mean = (draw: () => number) =>
    Array.from({ length: 20_000 }, draw).reduce((sum, value) => sum + value, 0) / 20_000
  assert.ok(Math.abs(mean(uniform) - 0.5) < 0.01)
  const normal = normalFrom(streamed(5, 1))
  assert.ok(Math.abs(mean(normal)) < 0.03)
  assert.ok(Math.abs(mean(() => normal() ** 2) - 1) < 0.05)
})

test('array files give back what was packed, to the last bit', () => {
  const arrays = fc.dictionary(fc.string(), fc.float32Array())
  fc.assert(
    fc.property(fc.jsonValue(), arrays, (header, given) => {
      const read = unpackArrays(packArrays({ header, arrays: given }))
      assert.deepEqual(JSON.stringify(read.header), JSON.stringify(header))
      assert.deepEqual({ ...read.arrays }, { ...given })
    }),
  )
})

test('an array may have any name, also that of the prototype', () => {
  const arrays = Object.fromEntries([['__proto__', Float32Array.of(1, 2)]])
  assert.deepEqual(unpackArrays(packArrays({ header: null, arrays })), { header: null, arrays })
})

test('array files that were cut say so', () => {
  const bytes = packArrays({ header: 1, arrays: { a: Float32Array.of(1, 2) } })
  assert.throws(() => unpackArrays(bytes.subarray(0, 2)), /shorter than its header says/)
  assert.throws(() => unpackArrays(bytes.subarray(0, 20)), /shorter than its header says/)
  assert.throws(() => unpackArrays(bytes.subarray(0, bytes.length - 1)), /ends within "a"/)
})
