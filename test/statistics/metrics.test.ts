import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  accuracy,
  auc,
  averagePrecision,
  averagePrecisionContributions,
  brier,
  decisionCosts,
  deLong,
  deLongPaired,
  leastCostThreshold,
  logLoss,
  mean,
  seededRandom,
} from '../../src/statistics/index.js'
import { near } from './near.js'
import { malignant, worstPerimeter, worstRadius } from './wisconsin-breast-cancer.js'

/** Scores and labels with many ties, both classes present. */
const tied = fc
  .array(fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })), {
    minLength: 4,
    maxLength: 40,
  })
  .filter((rows) => [0, 1].every((label) => rows.filter(([own]) => own === label).length >= 2))

test('metrics agree with scikit-learn 1.9', () => {
  const labels = [0, 1, 1, 0, 1, 0, 0, 1, 0, 1]
  const scores = [0.1, 0.4, 0.35, 0.8, 0.65, 0.4, 0.2, 0.9, 0.65, 0.7]
  near(auc(labels, scores), 0.68, 1e-12)
  near(averagePrecision(labels, scores), 0.6926190476190476, 1e-12)
  near(logLoss(labels, scores), 0.6357520959732651, 1e-12)
  near(brier(labels, scores), 0.22775, 1e-12)
  assert.equal(accuracy(labels, scores, 0.5), 0.6)
  near(averagePrecision(malignant, worstRadius), 0.9609840252802345, 1e-9)
})

test('log loss of a sure mistake is finite', () => {
  near(logLoss([1], [0]), -Math.log(1e-15), 1e-9)
})

test('scores that cannot be measured are refused', () => {
  assert.throws(() => auc([1, 1], [0.1, 0.2]), /expected rows of both classes, found 2 positive and 0 negative/)
  assert.throws(() => auc([1, 0], [0.1, Number.NaN]), /the score of row 1 is not finite/)
  assert.throws(() => brier([1], []), /found 0 for 1/)
  assert.throws(() => logLoss([], []), /found 0 for 0/)
})

test('DeLong gives the numbers of the Wisconsin breast cancer data', () => {
  // scikit-learn 1.9 and the definition of DeLong et al., computed for gates.md.
  const found = deLongPaired(malignant, worstRadius, worstPerimeter)
  near(found.aucA, 0.97044289, 5e-9)
  near(found.aucB, 0.97545056, 5e-9)
  near(found.varianceA, 4.129494e-5, 5e-12)
  near(found.varianceB, 3.166114e-5, 5e-12)
  near(found.covariance, 3.435645e-5, 5e-12)
  near(found.z, -2.43102631, 5e-8)
  near(found.pValue, 0.01505612, 5e-9)
})

test('AUC and DeLong equal the definition over all pairs', () => {
  fc.assert(
    fc.property(tied, (rows) => {
      const labels = rows.map(([label]) => label)
      const [a, b] = [rows.map(([, score]) => score), rows.map(([, , score]) => score)]
      const [slowA, slowB] = [byPairs(labels, a), byPairs(labels, b)]
      near(auc(labels, a), slowA.auc, 1e-12)
      near(deLong(labels, a).variance, covarianceOf(slowA, slowA), 1e-12)
      const fast = deLongPaired(labels, a, b)
      near(fast.difference, slowA.auc - slowB.auc, 1e-12)
      near(fast.covariance, covarianceOf(slowA, slowB), 1e-12)
    }),
  )
})

test('AUC depends on the order of the scores only, and turns with them', () => {
  fc.assert(
    fc.property(tied, (rows) => {
      const labels = rows.map(([label]) => label)
      const scores = rows.map(([, score]) => score)
      near(
        auc(labels, scores),
        auc(
          labels,
          scores.map((score) => Math.exp(score) - 3),
        ),
        1e-12,
      )
      near(
        auc(
          labels,
          scores.map((score) => -score),
        ),
        1 - auc(labels, scores),
        1e-12,
      )
    }),
  )
})

test('a model compared with itself has no difference and no variance', () => {
  const { difference, standardError, z, pValue } = deLongPaired(malignant, worstRadius, worstRadius)
  assert.deepEqual([difference, z, pValue], [0, 0, 1])
  near(standardError, 0, 1e-9)
})

test('DeLong takes half a million rows in seconds', () => {
  const random = seededRandom(1)
  const labels = new Uint8Array(500_000).map(() => (random() < 0.3 ? 1 : 0))
  const a = new Float64Array(500_000).map((_, row) => random() + 0.2 * (labels[row] ?? 0))
  const b = a.map((score) => score + 0.1 * random())
  const startedMs = performance.now()
  const { aucA } = deLongPaired(labels, a, b)
  const seconds = (performance.now() - startedMs) / 1000
  near(aucA, 1 - 0.8 ** 2 / 2, 0.003)
  assert.ok(seconds < 6, `took ${seconds.toFixed(2)} s`) // about one second on a free machine
})

test('contributions to average precision have it as their mean', () => {
  fc.assert(
    fc.property(tied, (rows) => {
      const labels = rows.map(([label]) => label)
      const scores = rows.map(([, score]) => score)
      near(mean(averagePrecisionContributions(labels, scores)), averagePrecision(labels, scores), 1e-10)
    }),
  )
})

test('contributions to average precision give the variance that resampling gives', () => {
  const random = seededRandom(5)
  const rows = 1000
  const labels = new Uint8Array(rows).map(() => (random() < 0.3 ? 1 : 0))
  const scores = new Float64Array(rows).map((_, row) => random() + 0.3 * (labels[row] ?? 0))
  const parts = averagePrecisionContributions(labels, scores)
  const centre = mean(parts)
  const standardError = Math.sqrt(mean(parts.map((part) => (part - centre) ** 2)) / rows)
  const resampled = new Float64Array(400).map(() => {
    const drawn = Uint32Array.from({ length: rows }, () => Math.floor(random() * rows))
    return averagePrecision(
      Uint8Array.from(drawn, (row) => labels[row] ?? 0),
      Float64Array.from(drawn, (row) => scores[row] ?? 0),
    )
  })
  const spread = Math.sqrt(mean(resampled.map((value) => (value - mean(resampled)) ** 2)))
  near(spread / standardError, 1, 0.12) // 400 resamples know a deviation to 3.5 %
})

test('the least-cost threshold is the best of all thresholds', () => {
  const row = fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 10 }))
  const cost = fc.integer({ min: -3, max: 9 })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), cost, cost, cost, cost, (rows, tp, fp, fn, tn) => {
      const labels = rows.map(([label]) => label)
      const scores = rows.map(([, tenths]) => tenths / 10)
      const costs = { truePositive: tp, falsePositive: fp, falseNegative: fn, trueNegative: tn }
      const { threshold, meanCost } = leastCostThreshold(labels, scores, costs)
      const costAt = (candidate: number) => mean(decisionCosts(labels, scores, candidate, costs))
      near(costAt(threshold), meanCost, 1e-12)
      for (let tenths = 0; tenths <= 10; tenths++) assert.ok(meanCost <= costAt(tenths / 10) + 1e-12)
    }),
  )
})

interface BySlowDefinition {
  readonly auc: number
  readonly won: readonly number[]
  readonly kept: readonly number[]
}

/** The definition: every positive against every negative. */
function byPairs(labels: readonly number[], scores: readonly number[]): BySlowDefinition {
  const of = (label: number) => scores.filter((_, row) => labels[row] === label)
  const [positives, negatives] = [of(1), of(0)]
  const wins = (x: number, y: number) => (x > y ? 1 : x === y ? 0.5 : 0)
  const won = positives.map((x) => mean(negatives.map((y) => wins(x, y))))
  const kept = negatives.map((y) => mean(positives.map((x) => wins(x, y))))
  return { auc: mean(won), won, kept }
}

function covarianceOf(a: BySlowDefinition, b: BySlowDefinition): number {
  const sample = (x: readonly number[], y: readonly number[]) =>
    x.reduce((total, value, i) => total + (value - mean(x)) * ((y[i] ?? 0) - mean(y)), 0) / (x.length - 1) / x.length
  return sample(a.won, b.won) + sample(a.kept, b.kept)
}
