import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nonInferiority } from '../../src/decisions/gates/bound.js'
import { championGate } from '../../src/decisions/gates/champion.js'
import { type Contender, type JudgeInput, judge } from '../../src/decisions/index.js'
import { Gates } from '../../src/spec/examination.js'
import { seededRandom } from '../../src/statistics/index.js'

const SOUND: JudgeInput['artifact'] = {
  loads: true,
  repeatable: true,
  batchEqualsSingle: true,
  notFinite: 0,
  sizeBytes: 1_200_000,
  maxSizeBytes: 500_000_000,
  detail: '',
}

const contender = (scores: Float64Array, threshold = 0.5): Contender => ({ scores, threshold })

/** Rows that a champion decides rightly with 80 %, and a candidate that differs from it on some of them. */
function holdout(rows: number, seed: number, lost = 0.04, won = 0.04) {
  const random = seededRandom(seed)
  const labels = new Uint8Array(rows).map(() => (random() < 0.4 ? 1 : 0))
  const champion = new Float64Array(rows).map((_, row) => scoreOf(labels[row] ?? 0, random() < 0.8))
  const candidate = champion.map((score, row) => {
    const label = labels[row] ?? 0
    const isRight = score >= 0.5 === (label === 1)
    const flips = random() < (isRight ? lost / 0.8 : won / 0.2)
    return scoreOf(label, flips ? !isRight : isRight)
  })
  const baseline = new Float64Array(rows).map((_, row) => scoreOf(labels[row] ?? 0, random() < 0.6))
  return { labels, champion: contender(champion), candidate: contender(candidate), baseline: contender(baseline) }
}
const scoreOf = (label: number, isRight: boolean) => ((label === 1) === isRight ? 0.9 : 0.1)

const input = (changes: Partial<JudgeInput> = {}): JudgeInput => ({
  ...holdout(6000, 1),
  gates: Gates.parse({}),
  businessMetric: undefined,
  goalMetric: 'accuracy',
  artifact: SOUND,
  championPosition: { version: 3, aliasSeq: 5 },
  seed: 1,
  ...changes,
})
const verdicts = (changes: Partial<JudgeInput>) =>
  judge(input(changes))
    .gates.map(({ gate, verdict }) => `${gate} ${verdict}`)
    .join(', ')
const textOf = (gate: string, changes: Partial<JudgeInput>) =>
  judge(input(changes)).gates.find((result) => result.gate === gate)?.text

test('an equal candidate on enough rows passes', () => {
  const judgement = judge(input())
  assert.equal(judgement.verdict, 'pass')
  assert.deepEqual(judgement.champion, { version: 3, aliasSeq: 5 })
  assert.equal(judgement.holdoutRows, 6000)
  assert.deepEqual(Object.keys(judgement.metrics.candidate), [
    'auc',
    'averagePrecision',
    'accuracy',
    'logLoss',
    'brier',
  ])
  assert.equal(verdicts({}), 'G0 pass, G2 pass, G3 pass')
})

test('gate texts say what was required and what was found', () => {
  assert.equal(
    textOf('G3', {}),
    'accuracy 0.8035 against 0.8067 of the champion: gain -0.003167, with 95 % confidence above -0.009182; above -0.01 is required.',
  )
  assert.equal(
    textOf('G3', holdout(1000, 1)),
    'accuracy 0.811 against 0.81 of the champion: gain 0.001, with 95 % confidence above -0.01234; above -0.01 is required. ' +
      'The smallest margin that these 1,000 rows prove is 0.01234; about 4,065 would decide between equal models (power 80 %).',
  )
  assert.equal(textOf('G0', {}), 'It loads, answers the same twice and alone as in a batch, and has 1.2 MB.')
})

test('every goal metric passes an equal candidate and fails a bad one', () => {
  for (const goalMetric of ['auc', 'averagePrecision', 'accuracy', 'logLoss', 'brier'] as const) {
    const gates = Gates.parse({ margin: goalMetric === 'logLoss' ? 0.03 : 0.02 })
    assert.equal(judge(input({ goalMetric, gates })).verdict, 'pass', goalMetric)
    assert.equal(verdicts({ goalMetric, gates, ...holdout(6000, 1, 0.1, 0) }), 'G0 pass, G2 pass, G3 fail', goalMetric)
  }
})

test('the first candidate is compared with the baseline alone', () => {
  assert.equal(verdicts({ champion: null }), 'G0 pass, G2 pass')
  const { metrics } = judge(input({ champion: null }))
  assert.deepEqual(metrics.champion, metrics.baseline)
})

test('a candidate that is no better than the rule fails', () => {
  const { baseline } = holdout(6000, 1)
  assert.equal(verdicts({ champion: null, candidate: baseline }), 'G0 pass, G2 fail')
  const gates = Gates.parse({ minGainOverBaseline: 0.2 })
  assert.equal(verdicts({ gates }), 'G0 pass, G2 inconclusive, G3 pass')
})

test('a broken package fails, with all that is wrong', () => {
  const artifact = { ...SOUND, repeatable: false, notFinite: 2, sizeBytes: 600_000_000, detail: 'Row 3 differed.' }
  assert.equal(
    textOf('G0', { artifact }),
    'The same rows twice gave different scores. 2 scores are not finite. It has 600 MB; at most 500 MB are allowed. Row 3 differed.',
  )
  assert.equal(judge(input({ artifact: { ...SOUND, loads: false } })).verdict, 'fail')
})

test('what cannot be examined never passes', () => {
  const rows = holdout(6000, 1)
  const broken = contender(rows.candidate.scores.with(7, Number.NaN))
  assert.equal(verdicts({ candidate: broken }), 'G0 fail, G2 error, G3 error')
  assert.equal(verdicts({ champion: broken }), 'G0 pass, G2 pass, G3 error')
  assert.equal(textOf('G3', { champion: broken }), 'The champion gave no finite score on 1 row of the holdout.')
  assert.equal(judge(input({ champion: broken })).verdict, 'error')
  assert.deepEqual(judge(input({ champion: broken })).metrics.champion, {})
  assert.equal(verdicts({ champion: contender(new Float64Array(3)) }), 'G0 pass, G2 pass, G3 error')
  assert.equal(verdicts({ labels: Float64Array.from(rows.labels).with(0, Number.NaN) }), 'G0 pass, G2 error, G3 error')
})

test('rows that cannot decide are inconclusive', () => {
  const INCONCLUSIVE = 'G0 pass, G2 inconclusive, G3 inconclusive'
  const nothing = contender(new Float64Array())
  const empty = { labels: new Uint8Array(), candidate: nothing, champion: nothing, baseline: nothing }
  assert.equal(verdicts(empty), INCONCLUSIVE)
  assert.deepEqual(judge(input(empty)).metrics.candidate, {})
  assert.equal(verdicts(holdout(199, 1)), INCONCLUSIVE)
  assert.equal(verdicts({ labels: new Uint8Array(6000) }), INCONCLUSIVE)
  assert.deepEqual(Object.keys(judge(input({ labels: new Uint8Array(6000) })).metrics.candidate), [
    'accuracy',
    'logLoss',
    'brier',
  ])
  assert.equal(
    textOf('G2', { labels: new Uint8Array(6000) }),
    'The holdout has 0 positive and 6,000 negative rows; at least 20 of each are needed.',
  )
})

test('the business metric is a gate of its own', () => {
  const businessMetric = { unit: 'EUR', truePositive: 0, falsePositive: 1, falseNegative: 5, trueNegative: 0 }
  const gates = Gates.parse({ businessMargin: 0.1 })
  assert.equal(verdicts({ businessMetric, gates }), 'G0 pass, G2 pass, G3 pass, G3b pass')
  // The same scores at a threshold that misses every positive: as good a ranking, far dearer decisions.
  const { candidate } = holdout(6000, 1)
  const dear = { businessMetric, gates, goalMetric: 'auc', candidate: contender(candidate.scores, 0.95) } as const
  assert.equal(verdicts(dear), 'G0 pass, G2 pass, G3 pass, G3b fail')
  assert.match(textOf('G3b', dear) ?? '', /^Cost of a decision 1\.\d+ against 0\.\d+ EUR of the champion: gain -1\.\d+/)
  assert.equal(verdicts({ ...dear, champion: null }), 'G0 pass, G2 pass, G3b fail')
  assert.ok('costPerDecision' in judge(input(dear)).metrics.candidate)
})

test('an anchor stops slow decay', () => {
  const { labels, champion } = holdout(6000, 1)
  const anchor = contender(Float64Array.from(labels, (label) => scoreOf(label, true)))
  assert.equal(verdicts({ anchor: champion ?? anchor }), 'G0 pass, G2 pass, G3 pass, G4 pass')
  assert.equal(verdicts({ anchor }), 'G0 pass, G2 pass, G3 pass, G4 fail')
})

test('non-inferiority has three answers, and the limits themselves decide nothing', () => {
  const check = (lower: number, upper: number, expected: string) =>
    assert.equal(
      nonInferiority({ gain: 0, standardError: 1, rows: 9, confidence: 0.95, subject: '', limit: -0.01, lower, upper }),
      expected,
    )
  check(-0.0099, 0.02, 'pass')
  check(-0.01, 0.02, 'inconclusive')
  check(-0.03, -0.01, 'inconclusive')
  check(-0.03, -0.0101, 'fail')
  check(Number.NaN, Number.NaN, 'inconclusive')
})

test('error rates of the champion gate are as promised', () => {
  const repetitions = 250
  const rates = (rows: number, lost: number, won: number) => {
    const verdicts = Array.from({ length: repetitions }, (_, seed) => {
      const { labels, candidate, champion, baseline } = holdout(rows, 1000 + seed, lost, won)
      return championGate(input({ labels, candidate, champion, baseline }))?.verdict
    })
    const share = (wanted: string) => verdicts.filter((verdict) => verdict === wanted).length / repetitions
    return { pass: share('pass'), fail: share('fail') }
  }
  // 4,946 rows: 80 % power for a margin of 0.01 at 8 % discordance (gates.md, section 4). Bounds: three standard errors.
  const equal = rates(4946, 0.04, 0.04)
  assert.ok(equal.pass > 0.72 && equal.pass < 0.88, `equal models passed ${equal.pass}`)
  assert.ok(equal.fail < 0.01, `equal models failed ${equal.fail}`)
  const worse = rates(4946, 0.045, 0.035)
  assert.ok(worse.pass < 0.092, `models 1 pp worse passed ${worse.pass}`)
  const few = rates(500, 0.045, 0.035)
  assert.ok(few.pass < 0.092, `models 1 pp worse passed ${few.pass} on few rows`)
})
