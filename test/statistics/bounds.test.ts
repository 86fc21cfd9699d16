import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  mcNemar,
  pairedMeanDifference,
  quantile,
  seededRandom,
  twoProportionZ,
  wilsonInterval,
} from '../../src/statistics/index.js'
import { near } from './near.js'

test('McNemar gives the numbers of scipy 1.17', () => {
  const check = (b: number, c: number, exact: number, midP: number) => {
    near(mcNemar(b, c).exact / exact, 1, 1e-9)
    near(mcNemar(c, b).midP / midP, 1, 1e-9)
  }
  check(1, 9, 0.021484375, 0.01171875)
  check(5, 15, 0.04138946533203125, 0.026603698730468753)
  check(10, 25, 0.016673847800120715, 0.011330984183587134)
  check(121, 59, 4.4344492637551645e-6, 3.2666467957745733e-6)
  assert.deepEqual(mcNemar(0, 0), { exact: 1, midP: 1 })
  assert.ok(mcNemar(4, 4).midP <= 1)
  assert.ok(mcNemar(100_000, 101_500).midP < 0.01)
})

test('proportions: pooled z and Wilson interval', () => {
  // Evidently's z-test on Elec2 `class`; Wilson by statsmodels.
  const { z, pValue } = twoProportionZ({ successes: 8746, rows: 20_000 }, { successes: 8034, rows: 20_000 })
  near(pValue / 5.428990590417015e-13, 1, 1e-3) // their normal tail is 1 - cdf
  near(z * z, 52.043417423022156, 1e-9)
  assert.ok(z < 0)
  assert.equal(twoProportionZ({ successes: 0, rows: 5 }, { successes: 0, rows: 9 }).z, 0)
  const { lower, upper } = wilsonInterval({ successes: 8, rows: 10 })
  near(lower, 0.490162, 5e-7)
  near(upper, 0.943318, 5e-7)
  assert.equal(wilsonInterval({ successes: 0, rows: 10 }).lower, 0)
})

test('bootstrap of five pairs agrees with all 3,125 resamples', () => {
  // Exact enumeration: 2.5/5/95/97.5 % = -0.2/0/2/2.2, sd 0.6324555.
  const pairs = Float64Array.from([3, -1, 2, 0, 1])
  const bounds = (confidence: number) =>
    pairedMeanDifference(pairs, new Float64Array(5), { confidence, seed: 11, resamples: 100_000 })
  const [at95, at975] = [bounds(0.95), bounds(0.975)]
  near(at95.lower, 0, 1e-12)
  near(at95.upper, 2, 1e-12)
  near(at975.lower, -0.2, 1e-12)
  near(at975.upper, 2.2, 1e-12)
  near(at95.standardError, 0.6324555, 1e-7)
  assert.equal(at95.difference, 1)
  assert.equal(at95.method, 'bootstrap')
})

test('the same seed gives the same bounds, another one does not', () => {
  const random = seededRandom(3)
  const values = new Float64Array(300).map(random)
  const bound = (seed: number) => pairedMeanDifference(values, new Float64Array(300), { confidence: 0.95, seed }).lower
  assert.equal(bound(1), bound(1))
  assert.notEqual(bound(1), bound(2))
})

test('many pairs use the normal bound', () => {
  const values = new Float64Array(4000).map((_, row) => row % 2)
  const found = pairedMeanDifference(values, new Float64Array(4000), { confidence: 0.95, seed: 0 })
  near(found.standardError, 0.5 / Math.sqrt(4000), 1e-15)
  near(found.lower, 0.5 - 1.6448536269514722 * found.standardError, 1e-12)
  assert.equal(found.method, 'normal')
})

test('pairs that never differ do not prove equality by themselves', () => {
  const same = new Float64Array(50)
  const bare = pairedMeanDifference(same, same, { confidence: 0.95, seed: 0 })
  assert.equal(bare.lower, 0)
  // Agresti and Min: half a row in each cell; sqrt((1 / 52) / 52) is the standard error.
  const guarded = pairedMeanDifference(same, same, { confidence: 0.95, seed: 0, spread: 1 })
  near(guarded.lower, -1.6448536269514722 / 52, 1e-12)
})

test('quantiles are order statistics', () => {
  const values = [9, 1, 8, 2, 7, 3, 6, 4, 5, 10]
  const check = (p: number, expected: number) => assert.equal(quantile(values, p), expected)
  check(0, 1)
  check(0.1, 1)
  check(0.11, 2)
  check(0.5, 5)
  check(1, 10)
  assert.equal(
    quantile(
      Array.from({ length: 20 }, (_, i) => i + 1),
      0.95,
    ),
    19,
  )
  assert.throws(() => quantile([], 0.5), RangeError)
  assert.throws(() => quantile([1], 1.5), RangeError)
})

test('seeded random numbers are uniform and stay the same', () => {
  const random = seededRandom(1)
  const counts = new Array<number>(10).fill(0)
  for (let draw = 0; draw < 100_000; draw++) {
    const bin = Math.floor(random() * 10)
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  for (const count of counts) near(count, 10_000, 400) // four standard deviations
  const first = (seed: number) => Array.from({ length: 3 }, seededRandom(seed))
  assert.deepEqual(first(5), first(5))
  assert.notDeepEqual(first(5), first(6))
})
