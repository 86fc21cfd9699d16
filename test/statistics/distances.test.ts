import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  benjaminiHochberg,
  chiSquare,
  cramersV,
  decileCounts,
  groupByReference,
  kolmogorovSmirnov,
  type NumericProfile,
  populationStabilityIndex,
  psiNoiseLimit,
  psiPValue,
  seededRandom,
  wasserstein1,
} from '../../src/statistics/index.js'
import { near } from './near.js'

/** Elec2 `nswdemand`, rows 0-19,999 and 20,000-39,999, counted on the deciles of the former (numpy searchsorted, right). */
const DEMAND = {
  reference: [2000, 2000, 1997, 2001, 2000, 1999, 2003, 1996, 2004, 2000],
  live: [1520, 1793, 1588, 1880, 1686, 1783, 1623, 1806, 2467, 3854],
}
/** Elec2 `class`, the same rows. */
const CLASS = { reference: [11_254, 8746], live: [11_966, 8034] }
const FLOOR = { kind: 'floor', share: 1e-4 } as const

test('population stability index gives the published numbers', () => {
  // Reference deciles computed with numpy; class by Evidently a4aa4c2.
  near(populationStabilityIndex(DEMAND.reference, DEMAND.live, FLOOR), 0.08726467982061058, 1e-14)
  near(populationStabilityIndex(CLASS.reference, CLASS.live, FLOOR), 0.005206841439969936, 1e-15)
})

test('population stability index fills empty bins as asked', () => {
  near(
    populationStabilityIndex([0, 100], [50, 50], FLOOR),
    (0.5 - 1e-4) * Math.log(0.5 / 1e-4) + -0.5 * Math.log(0.5),
    1e-12,
  )
  const [r, l] = [
    [0.5 / 101, 100.5 / 101],
    [0.5, 0.5],
  ]
  const expected = r.reduce((total, p, i) => total + ((l[i] ?? 0) - p) * Math.log((l[i] ?? 0) / p), 0)
  near(populationStabilityIndex([0, 100], [50, 50]), expected, 1e-12)
})

test('population stability index refuses counts that cannot be compared', () => {
  assert.throws(() => populationStabilityIndex([1, 2], [1]), /expected as many bins, found 2 and 1/)
  assert.throws(() => populationStabilityIndex([1, 2], [0, 0]), /one side has no rows/)
})

test('psi noise limit is the chi-square limit', () => {
  // drift.md: n = m = 1000, ten bins: 95 % 0.0338, 99.9 % 0.0558; n = m = 500: 99.9 % 0.1115.
  const sample = (rows: number) => ({ bins: 10, referenceRows: rows, liveRows: rows })
  near(psiNoiseLimit(sample(1000), 0.05), 0.0338, 5e-5)
  near(psiNoiseLimit(sample(1000), 0.001), 0.0558, 5e-5)
  near(psiNoiseLimit(sample(500), 0.001), 0.1115, 5e-5)
  near(psiPValue(psiNoiseLimit(sample(1000), 0.01), sample(1000)), 0.01, 1e-9)
  assert.equal(psiPValue(0, { bins: 1, referenceRows: 9, liveRows: 9 }), 1)
})

test('psi of equal distributions exceeds the 5 % limit in about 5 % of samples', () => {
  const random = seededRandom(7)
  const draw = () => {
    const counts = new Array<number>(10).fill(0)
    for (let row = 0; row < 1000; row++) {
      const bin = Math.floor(random() * 10)
      counts[bin] = (counts[bin] ?? 0) + 1
    }
    return counts
  }
  const limit = psiNoiseLimit({ bins: 10, referenceRows: 1000, liveRows: 1000 }, 0.05)
  let [above, total] = [0, 0]
  for (let sample = 0; sample < 1000; sample++) {
    const psi = populationStabilityIndex(draw(), draw())
    total += psi
    if (psi > limit) above++
  }
  near(above / 1000, 0.05, 0.021) // three standard errors
  near(total / 1000, 0.018, 0.001) // mean (B - 1)(1/n + 1/m)
})

test('kolmogorov-smirnov distance on deciles', () => {
  near(kolmogorovSmirnov(DEMAND.reference, DEMAND.live), 0.11585, 1e-12)
  assert.equal(kolmogorovSmirnov([5, 0], [0, 3]), 1)
  assert.equal(kolmogorovSmirnov([1, 2, 3], [2, 4, 6]), 0)
  assert.throws(() => kolmogorovSmirnov([1], [0]), /expected the same bins and rows/)
})

test('chi-square and Cramér agree with scipy 1.17', () => {
  const elec = chiSquare([CLASS.reference, CLASS.live])
  near(elec.statistic, 52.043417423022156, 1e-10)
  near(elec.pValue / 5.428691022126109e-13, 1, 1e-9)
  const table = [
    [10, 20, 30, 0],
    [20, 20, 15, 5],
  ]
  near(chiSquare(table).statistic, 13.333333333333334, 1e-12)
  near(chiSquare(table).pValue, 0.003968500465847951, 1e-14)
  assert.equal(chiSquare(table).degreesOfFreedom, 3)
  near(cramersV(table), 0.2943280514718894, 1e-12)
})

test('chi-square leaves out empty rows and columns', () => {
  const full = chiSquare([
    [10, 20],
    [20, 10],
  ])
  const padded = chiSquare([
    [10, 0, 20],
    [0, 0, 0],
    [20, 0, 10],
  ])
  assert.deepEqual(padded, full)
  assert.deepEqual(chiSquare([[3, 4]]), { statistic: 0, degreesOfFreedom: 0, pValue: 1 })
  assert.equal(cramersV([[3, 4]]), 0)
  near(
    cramersV([
      [50, 0],
      [0, 50],
    ]),
    1,
    0.02,
  )
})

test('benjamini-hochberg rejects up to its limit', () => {
  // The example of Benjamini and Hochberg's paper (1995), section 3.2: four rejections at q = 0.05.
  const paper = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
  ]
  const { rejected, limit } = benjaminiHochberg(paper, 0.05)
  assert.equal(rejected.filter(Boolean).length, 4)
  near(limit, (4 * 0.05) / 15, 1e-15)
  assert.deepEqual(benjaminiHochberg([0.04, 0.9], 0.05), { rejected: [false, false], limit: 0.025 })
  // A p-value that is large for its own rank is carried by a later one: ranks, not values, decide.
  assert.deepEqual(benjaminiHochberg([0.04, 0.045], 0.05).rejected, [true, true])
  assert.deepEqual(benjaminiHochberg([], 0.05), { rejected: [], limit: 0.05 })
})

const profile = (counts: readonly number[], means: readonly number[], rest: Partial<NumericProfile> = {}) =>
  ({
    kind: 'numeric',
    edges: means.slice(1),
    counts,
    sums: counts.map((count, bin) => count * (means[bin] ?? 0)),
    nulls: 0,
    notFinite: 0,
    min: 0,
    max: 9,
    ...rest,
  }) satisfies NumericProfile

test('wasserstein distance is exact where bins hold one value', () => {
  // scipy.stats.wasserstein_distance([1, 2, 3, 10], [2, 3, 4, 4, 4]) = 2.4
  const a = profile([1, 1, 1, 0, 1], [1, 2, 3, 4, 10])
  const b = profile([0, 1, 1, 3, 0], [1, 2, 3, 4, 10])
  near(wasserstein1(a, b), 2.4, 1e-12)
  near(wasserstein1(a, a), 0, 1e-12)
})

test('decile counts group fine bins by the reference', () => {
  const reference = profile(new Array<number>(200).fill(10), new Array<number>(200).fill(0), { nulls: 7 })
  const live = profile(new Array<number>(200).fill(1), new Array<number>(200).fill(0), { nulls: 2, notFinite: 1 })
  const { reference: r, live: l } = decileCounts(reference, live)
  assert.deepEqual(r, [...new Array<number>(10).fill(200), 7])
  assert.deepEqual(l, [...new Array<number>(10).fill(20), 3])
})

test('heavy values and rows outside of the reference keep groups of their own', () => {
  const check = (reference: number[], live: number[], expected: [number[], number[]]) =>
    assert.deepEqual(groupByReference(reference, live, 10), { reference: expected[0], live: expected[1] })
  check(
    [60, 5, 5, 30],
    [1, 2, 3, 4],
    [
      [60, 10, 30],
      [1, 5, 4],
    ],
  )
  check(
    [0, 0, 100, 0, 0],
    [1, 2, 3, 4, 5],
    [
      [0, 100, 0],
      [3, 3, 9],
    ],
  )
  check([0, 100, 0], [0, 50, 0], [[100], [50]])
})
