import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assembleEvidence, type EvidenceInput, type LiveCommit } from '../../src/decisions/index.js'
import { Policy } from '../../src/spec/policy.js'
import { type CategoricalProfile, type NumericProfile, type Profile, seededRandom } from '../../src/statistics/index.js'

/** Forty bins of width 0.25 from -5 on. */
const EDGES = Array.from({ length: 39 }, (_, index) => index / 4 - 4.75)

/** Normal rows, counted on the bins. */
function normal(rows: number, mean: number, seed: number, rest: Partial<NumericProfile> = {}): NumericProfile {
  const random = seededRandom(seed)
  const counts = new Array<number>(40).fill(0)
  const sums = new Array<number>(40).fill(0)
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let row = 0; row < rows; row++) {
    const x = mean + Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const bin = EDGES.filter((edge) => x > edge).length
    counts[bin] = (counts[bin] ?? 0) + 1
    sums[bin] = (sums[bin] ?? 0) + x
    min = Math.min(min, x)
    max = Math.max(max, x)
  }
  return { kind: 'numeric', edges: EDGES, counts, sums, nulls: 0, notFinite: 0, min, max, ...rest }
}
const words = (counts: Record<string, number>, rest: Partial<CategoricalProfile> = {}): CategoricalProfile => ({
  kind: 'categorical',
  counts,
  other: 0,
  nulls: 0,
  ...rest,
})
const profile = (rows: number, columns: Profile['columns']): Profile => ({
  version: 1,
  bins: 1,
  rows,
  from: '2001-04-24T00:00:00Z',
  to: '2001-04-30T00:00:00Z',
  columns,
  label: { known: rows, positive: rows / 5 },
})
const reference = profile(5000, { x: normal(5000, 0, 1), origin: words({ ATL: 3000, SEA: 1500, JFK: 500 }) })
const same = profile(5000, { x: normal(5000, 0, 2), origin: words({ ATL: 3020, SEA: 1470, JFK: 510 }) })

const INPUT: EvidenceInput = {
  asOf: '2001-05-01T00:00:00Z',
  champion: { version: 3, isBaseline: false, trainedThrough: '2001-04-20T00:00:00Z' },
  liveCommits: [],
  earlierRowsIn: [],
  maxQuarantineShare: 0.1,
  reference,
  live: same,
  scores: null,
  labels: null,
  newLabelledRows: 5000,
  labelledRowsSinceChange: null,
  performance: null,
  policy: Policy.parse({}),
}
const assemble = (changes: Partial<EvidenceInput>) => assembleEvidence({ ...INPUT, ...changes })

test('unchanged data raise neither drift nor a problem', () => {
  const evidence = assemble({})
  assert.deepEqual(
    evidence.features.map(({ column, level }) => [column, level]),
    [
      ['x', 'none'],
      ['origin', 'none'],
    ],
  )
  assert.deepEqual(evidence.dataProblems, [])
  assert.deepEqual([evidence.liveRows, evidence.liveFrom], [5000, '2001-04-24T00:00:00Z'])
})

test('levels follow the size of a shift', () => {
  // PSI on deciles of N(0, 1) against N(δ, 1): δ 0.2 -> 0.04, 0.35 -> 0.12, 0.6 -> 0.34 (drift.md, section 1.3).
  const check = (shift: number, level: string, rows = 5000) => {
    const live = profile(rows, { x: normal(rows, shift, 3), origin: same.columns.origin ?? words({}) })
    const [x] = assemble({ live }).features
    assert.equal(x?.level, level, `shift ${shift}: PSI ${x?.psi}, KS ${x?.ks}`)
  }
  check(0.2, 'none')
  check(0.35, 'moderate')
  check(0.6, 'major')
  check(0.6, 'insufficient', 999)
})

test('a large PSI that noise explains is no drift', () => {
  const policy = Policy.parse({ minRows: 20 })
  const small = profile(40, { x: normal(40, 0, 9) })
  const [x] = assemble({ reference: profile(40, { x: normal(40, 0, 8) }), live: small, policy }).features
  assert.ok(x !== undefined && x.psi > policy.psiModerate && x.psi < x.psiNoise)
  assert.equal(x.level, 'none')
})

test('missing values are a bin of their own', () => {
  const live = profile(5000, { x: normal(4800, 0, 3, { nulls: 200 }) })
  const [x] = assemble({ reference: profile(5000, { x: normal(5000, 0, 1) }), live }).features
  assert.ok(x !== undefined && x.psi > 0.1, `PSI ${x?.psi}`)
})

test('categories that moved are drift', () => {
  const live = profile(5000, { origin: words({ ATL: 500, SEA: 1500, JFK: 3000 }) })
  const [origin] = assemble({ live }).features
  assert.deepEqual([origin?.level, origin?.ks], ['major', null])
  assert.ok((origin?.cramersV ?? 0) > 0.5)
})

test('scores drift on the reference deciles', () => {
  const flat = new Array<number>(100).fill(50)
  assert.equal(assemble({ scores: { referenceCounts: flat, liveCounts: flat } }).scores?.level, 'none')
  const liveCounts = flat.map((rows, bin) => (bin < 50 ? rows / 5 : rows))
  assert.equal(assemble({ scores: { referenceCounts: flat, liveCounts } }).scores?.level, 'major')
  assert.equal(assemble({ scores: { referenceCounts: flat, liveCounts: flat.map(() => 0) } }).scores, null)
})

test('without reference or rows there is no drift, and no error', () => {
  assert.deepEqual(assemble({ reference: null }).features, [])
  const { features, liveRows, liveFrom } = assemble({ live: null })
  assert.deepEqual([features, liveRows, liveFrom], [[], 0, null])
})

test('profiles on different bins are refused', () => {
  const x = { ...normal(5000, 0, 2), edges: EDGES.map((edge) => edge + 1) }
  assert.throws(() => assemble({ live: profile(5000, { x }) }), /Cannot compare column "x": .* different bins/)
})

test('shares of labels', () => {
  const labels = { reference: { known: 5000, positive: 2000 }, live: { known: 1000, positive: 200 } }
  assert.deepEqual(assemble({ labels }).label, { reference: 0.4, referenceRows: 5000, live: 0.2, rows: 1000 })
  assert.equal(assemble({ labels: { ...labels, live: { known: 0, positive: 0 } } }).label, null)
})

const commit = (receipt: Partial<LiveCommit['receipt']>): LiveCommit => ({
  seq: 7,
  source: { path: 'may.csv' },
  receipt: { rowsIn: 1000, quarantined: 0, ...receipt },
})

test('the data gate names what is broken', () => {
  const check = (changes: Partial<EvidenceInput>, expected: readonly string[]) =>
    assert.deepEqual(
      assemble(changes).dataProblems.map(({ kind, text }) => `${kind}: ${text}`),
      expected,
    )
  const columns = (changed: Profile['columns']) => ({ live: profile(5000, { ...same.columns, ...changed }) })
  check({ liveCommits: [commit({ quarantined: 100 })] }, [])
  check({ liveCommits: [commit({ quarantined: 101 })] }, [
    'quarantineShare: 101 of 1,000 rows of batch may.csv broke a rule: 10.1 %, at most 10 % may.',
  ])
  check({ liveCommits: [commit({ quarantined: 1000, stopped: { broken: 101 } })] }, [
    'quarantineShare: 101 of 1,000 rows of batch may.csv broke a rule: 10.1 %, at most 10 % may. The batch is stopped: all of it waits in quarantine.',
  ])
  check({ liveCommits: [{ ...commit({ quarantined: 1000, stopped: { broken: 101 } }), isDecided: true }] }, [])
  check({ liveCommits: [{ ...commit({ unreadable: 'not a Parquet file' }), isDecided: true }] }, [])
  check({ liveCommits: [commit({ unreadable: 'not a Parquet file' })] }, [
    'unreadable: Batch may.csv cannot be read: not a Parquet file',
  ])
  check({ liveCommits: [commit({})], earlierRowsIn: [2001, 2500, 2900, 3000] }, [
    'rowCount: Batch may.csv has 1,000 rows, 0.4 times the median of 2,500.',
  ])
  check({ liveCommits: [commit({})], earlierRowsIn: [900, 2500, 2900, 3000] }, [])
  check({ liveCommits: [commit({})], earlierRowsIn: [1999, 2500, 2900, 3000] }, [])
  check({ liveCommits: [commit({})], earlierRowsIn: [0, 9, 900, 950] }, [])
  check({ liveCommits: [commit({})], earlierRowsIn: [10, 20, 30] }, [])
  check(columns({ x: normal(4700, 0, 2, { nulls: 200, notFinite: 100 }) }), [
    'nullShare: Column "x" is missing in 6 % of rows, before in 0 %.',
  ])
  check(columns({ x: normal(4800, 0, 2, { nulls: 200 }) }), [])
  const constant = EDGES.map((edge) => (edge === 0.25 ? 5000 : 0))
  check(columns({ x: normal(0, 0, 2, { counts: [...constant, 0], min: 0.2, max: 0.2 }) }), [
    'constantColumn: Column "x" is 0.2 in all of 5,000 rows, before in 9.48 %.',
  ])
  check(columns({ origin: words({ ATL: 5000 }) }), [
    'constantColumn: Column "origin" is "ATL" in all of 5,000 rows, before in 60 %.',
  ])
  check(columns({ origin: words({ ATL: 3000, SEA: 1400, JFK: 500, LAX: 100 }) }), [
    'unseenCategories: Column "origin" has 2 % of rows with values that the reference does not list, such as "LAX".',
  ])
  check(columns({ origin: words({ ATL: 3000, SEA: 1460, JFK: 500, LAX: 40 }) }), [])
})

test('of a column with more values than a profile keeps, none is called unseen', () => {
  const before = profile(5000, { route: { ...words({ A: 2500 }), other: 2500 } })
  const now = profile(5000, { route: { ...words({ B: 2000 }), other: 3000 } })
  assert.deepEqual(assemble({ reference: before, live: now }).dataProblems, [])
})

test('a rare flag that happens to be 0 throughout is no constant column', () => {
  const before = profile(5000, { flag: words({ no: 4996, yes: 4 }) })
  const now = profile(5000, { flag: words({ no: 5000 }) })
  assert.deepEqual(assemble({ reference: before, live: now }).dataProblems, [])
})

test('few rows raise no column problem', () => {
  const live = profile(999, { x: normal(0, 0, 1, { nulls: 999, min: null, max: null }) })
  assert.deepEqual(assemble({ live }).dataProblems, [])
})

test('live performance is a loss in standard errors', () => {
  const live = { value: 0.7, standardError: 0.01, rows: 2000 }
  const performance = { metric: 'auc', reference: { value: 0.75, rows: 6000 }, live } as const
  const found = assemble({ performance }).performance
  assert.ok(found !== null)
  assert.ok(Math.abs(found.drop - 0.05) < 1e-12)
  assert.ok(Math.abs(found.z - 0.05 / (0.01 * Math.sqrt(1 + 2000 / 6000))) < 1e-9)
  const loss = assemble({ performance: { ...performance, metric: 'logLoss' } }).performance
  assert.ok(loss !== null && loss.drop < 0)
  assert.equal(assemble({ performance: { ...performance, live: { ...live, rows: 999 } } }).performance, null)
})

test('live performance is measured on rows whose label is known', () => {
  const labels = Float64Array.from({ length: 3000 }, (_, row) => (row >= 2000 ? Number.NaN : row % 2))
  const scores = labels.map((label, row) => (row % 10 === 0 ? 1 - label : label))
  const performance = {
    metric: 'accuracy',
    reference: { value: 0.9, rows: 1000 },
    live: { labels, scores, threshold: 0.5 },
  } as const
  const found = assemble({ performance }).performance
  assert.deepEqual([found?.live, found?.liveRows, found?.drop], [0.9, 2000, 0])
  const oneClass = { ...performance, live: { ...performance.live, labels: labels.map(() => 1) } }
  assert.equal(assemble({ performance: oneClass }).performance, null)
})
