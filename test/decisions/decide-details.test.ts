import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { closesWindow, decide, type Evidence, recoveryFrom } from '../../src/decisions/index.js'
import type { PartialWay } from '../../src/trainer/trainer.js'
import { brief, CONTEXT, DROPPED, features, past, QUIET, withPolicy } from './fixtures.js'

const changePoint = '2001-04-10T00:00:00Z'
const dropHistory = {
  decisions: [past({ verdict: 'full', rule: 'performanceDrop', outcome: 'promoted', changePoint })],
}

test('reasons are sentences with numbers', () => {
  const check = (evidence: Partial<Evidence>, expected: string, context = CONTEXT) =>
    assert.equal(decide({ ...QUIET, ...evidence }, context).reasons[0], expected)
  check(
    { performance: DROPPED },
    'auc fell from 0.73 to 0.63 on 5,000 rows: worse by 0.1, at least 0.02 counts; z = 9.4, above 3. ' +
      'The change began at 2001-04-24T00:00:00Z or later.',
  )
  check(
    { label: { reference: 0.4, referenceRows: 9000, live: 0.2, rows: 5000 } },
    'Positives went from 40 % to 20 % of 5,000 rows, 50 % fewer where 20 % counts, while 0 % of the features drifted.',
  )
  check(
    { features: features(3, 1.25) },
    '3 of 10 features (30 %; x0 with PSI 1.25, x1 with PSI 1.25, x2 with PSI 1.25) are in major drift in two of 3 windows ' +
      'or with PSI of 1 and more; from 30 % on a part is trained.',
  )
  check(
    { champion: { version: 3, isBaseline: false, trainedThrough: '2001-03-01T00:00:00Z' } },
    "The champion's training data ended 61 days ago, more than 30, and 5,000 rows with labels are newer; 1,000 suffice.",
  )
  check({ liveRows: 12 }, '12 rows arrived since the last decision; fewer than 1,000 are no evidence.')
  check({ liveRows: 0 }, 'No row has arrived since the last decision.')
  check(
    { labelledRowsSinceChange: 5000 },
    'Recovery from the change of 2001-04-10T00:00:00Z: 5,000 rows with labels since then, refit on each batch until there are 20,000.',
    { ...CONTEXT, history: dropHistory },
  )
})

test('a limit says what it held back', () => {
  const { reasons } = decide(
    { ...QUIET, performance: DROPPED },
    withPolicy({ cooldownDays: 30 }, { history: dropHistory }),
  )
  assert.equal(reasons[0], 'The last retraining was 7 days ago (run 1); the cooldown is 30 days.')
  assert.match(reasons[1] ?? '', /^auc fell from 0\.73/)
})

test('what the trainer cannot do in part becomes full and says so', () => {
  const label = { reference: 0.4, referenceRows: 9000, live: 0.2, rows: 5000 }
  const check = (trainerCan: typeof CONTEXT.trainerCan, expected: string) =>
    assert.equal(decide({ ...QUIET, label }, { ...CONTEXT, trainerCan }).reasons.at(-1), expected)
  check([], 'Full instead: the trainer can do none of recalibrate, warmStart.')
  check(['warmStart'], 'warmStart instead of recalibrate, which the trainer cannot do.')
})

test('quiet decisions name what is worth watching', () => {
  const scores = { psi: 0.3, psiNoise: 0.01, level: 'major' as const }
  assert.deepEqual(decide({ ...QUIET, features: features(1), scores }, CONTEXT).reasons, [
    'Nothing notable in 5,000 rows.',
    'auc is 0.73, 0.73 when it was examined (z = 0).',
    'Drifted, but not enough to act on: x0 (major, PSI 0.4).',
    "The champion's scores drifted (major, PSI 0.3).",
  ])
})

test('windows ask for the right rows', () => {
  const check = (evidence: Partial<Evidence>, expected: object | null, context = CONTEXT) => {
    const { window } = decide({ ...QUIET, ...evidence }, context)
    const whole = { from: null, to: QUIET.asOf, maxRows: 5_000_000, oldUntil: null, oldShare: null }
    assert.deepEqual(window, expected === null ? null : { ...whole, ...expected })
  }
  const { trainedThrough } = QUIET.champion
  const label = { reference: 0.4, referenceRows: 9000, live: 0.2, rows: 5000 }
  const baseline = { version: 0, isBaseline: true, trainedThrough: null }
  check({}, null)
  check({ champion: baseline }, {})
  // Too few rows since the change: the newest ones, with older ones among them.
  check({ performance: DROPPED }, { maxRows: 20_000 })
  check({ performance: { ...DROPPED, liveRows: 20_000 } }, { from: QUIET.liveFrom })
  check({ labelledRowsSinceChange: 5000 }, { from: changePoint }, { ...CONTEXT, history: dropHistory })
  check({ features: features(3, 1) }, { oldUntil: trainedThrough, oldShare: 0.5 })
  check({ label }, { oldUntil: trainedThrough, oldShare: 0 })
  const { policy } = CONTEXT
  const tenDays = withPolicy({ window: { ...policy.window, history: { days: 10 }, maxRows: 9 } })
  check({ champion: baseline }, { from: '2001-04-21T00:00:00.000Z', maxRows: 9 }, tenDays)
  const asked = { trainFrom: '2001-04-25T00:00:00Z' }
  check({ champion: baseline }, { from: asked.trainFrom, maxRows: 9 }, { ...tenDays, asked })
  check(
    { champion: baseline },
    { from: '2001-04-21T00:00:00.000Z', maxRows: 9 },
    { ...tenDays, asked: { trainFrom: '1999-01-01T00:00:00' } },
  )
})

test('a postponed change keeps its beginning', () => {
  const postponed = past({ rule: 'cooldown', changePoint })
  const decision = decide(
    { ...QUIET, performance: DROPPED },
    { ...CONTEXT, history: { decisions: [past(), postponed] } },
  )
  assert.equal(decision.changePoint, changePoint)
  const answered = decide({ ...QUIET, performance: DROPPED }, { ...CONTEXT, history: dropHistory })
  assert.equal(answered.changePoint, QUIET.liveFrom)
})

test('recovery goes back to the last drop that was answered', () => {
  assert.equal(recoveryFrom({ decisions: [] }), null)
  assert.equal(recoveryFrom(dropHistory), changePoint)
  const postponed = past({ rule: 'cooldown', changePoint: '2001-04-20T00:00:00Z' })
  assert.equal(recoveryFrom({ decisions: [...dropHistory.decisions, postponed] }), changePoint)
})

test('the expected cost is the median of measured trainings of the kind', () => {
  const trained = (verdict: 'partial' | 'full', trainingSeconds: number | null) =>
    past({ verdict, rule: 'age', trainingSeconds })
  const check = (decisions: readonly ReturnType<typeof past>[], expected: number | null) => {
    const context = withPolicy({ retrainsPer30Days: 99 }, { history: { decisions } })
    assert.equal(decide({ ...QUIET, performance: DROPPED }, context).expectedCost, expected)
  }
  check([], null)
  check([trained('full', null)], null)
  check([trained('full', 3600), trained('full', 1800), trained('full', 7200), trained('partial', 9)], 2)
  check([trained('partial', 1800)], 1)
  assert.equal(decide(QUIET, { ...CONTEXT, history: { decisions: [trained('full', 3600)] } }).expectedCost, null)
})

test('only decisions that looked at rows close a window', () => {
  assert.ok(closesWindow('badData') && closesWindow('cooldown') && closesWindow('nothingNotable'))
  assert.ok(!closesWindow('noNewRows') && !closesWindow('insufficientRows'))
})

/** Evidence of any kind, often at the limits. */
const anyEvidence: fc.Arbitrary<Evidence> = fc
  .record({
    liveRows: fc.constantFrom(0, 999, 1000, 50_000),
    newLabelledRows: fc.constantFrom(0, 999, 1000, 50_000),
    labelledRowsSinceChange: fc.constantFrom(null, 500, 5000, 20_000),
    isBaseline: fc.boolean(),
    trainedThrough: fc.constantFrom('2001-01-01T00:00:00Z', '2001-04-20T00:00:00Z'),
    drop: fc.constantFrom(-0.1, 0, 0.019, 0.02, 0.3),
    z: fc.constantFrom(0, 3, 3.1, 50),
    major: fc.integer({ min: 0, max: 10 }),
    psi: fc.constantFrom(0.3, 1.5),
    live: fc.constantFrom(0.05, 0.2, 0.24, 0.6),
  })
  .map(({ isBaseline, trainedThrough, drop, z, major, psi, live, ...rows }) => ({
    ...QUIET,
    ...rows,
    champion: { version: isBaseline ? 0 : 3, isBaseline, trainedThrough: isBaseline ? null : trainedThrough },
    performance: { metric: 'auc', reference: 0.73, referenceRows: 50_000, live: 0.73 - drop, liveRows: 5000, z, drop },
    features: features(major, psi),
    label: { reference: 0.2, referenceRows: 50_000, live, rows: 5000 },
  }))
const anyHistory = fc
  .array(
    fc
      .record({
        verdict: fc.constantFrom('none' as const, 'partial' as const, 'full' as const),
        rule: fc.constantFrom('performanceDrop' as const, 'age' as const, 'nothingNotable' as const),
        outcome: fc.constantFrom('promoted', 'rejected', null),
        changePoint: fc.constantFrom(null, changePoint),
      })
      .map(past),
    { maxLength: 5 },
  )
  .map((decisions) => ({ decisions }))
const anyContext = fc
  .record({ history: anyHistory, trainerCan: fc.subarray<PartialWay>(['recalibrate', 'warmStart']) })
  .map((changes) => ({ ...CONTEXT, ...changes }))

test('bad data never lead to a retraining', () => {
  fc.assert(
    fc.property(anyEvidence, anyContext, (evidence, context) => {
      const dataProblems: Evidence['dataProblems'] = [{ kind: 'nullShare', column: 'x0', text: 'All is missing.' }]
      assert.equal(brief(decide({ ...evidence, dataProblems }, context)), 'badData none')
    }),
  )
})

test('what a person asks for is done', () => {
  fc.assert(
    fc.property(
      anyEvidence,
      anyContext,
      fc.constantFrom('none' as const, 'full' as const),
      (evidence, context, verdict) => {
        assert.equal(brief(decide(evidence, { ...context, asked: { verdict } })), `asked ${verdict}`)
      },
    ),
  )
})

test('decisions are consistent, and the same for the same evidence', () => {
  fc.assert(
    fc.property(anyEvidence, anyContext, (evidence, context) => {
      const decision = decide(evidence, context)
      assert.deepEqual(decide(evidence, context), decision)
      assert.equal(decision.window === null, decision.verdict === 'none')
      assert.equal(decision.way === null, decision.verdict !== 'partial')
      assert.ok(decision.way === null || context.trainerCan.includes(decision.way))
      assert.ok(decision.reasons.length > 0)
      if (decision.verdict !== 'none') assert.ok(evidence.newLabelledRows >= 1000 && evidence.liveRows >= 1000)
    }),
    { numRuns: 500 },
  )
})

test('a larger loss never means less retraining', () => {
  const size = { none: 0, partial: 1, full: 2 }
  fc.assert(
    fc.property(anyEvidence, anyContext, fc.double({ min: 0, max: 0.5, noNaN: true }), (evidence, context, more) => {
      const { performance } = evidence
      if (performance === null) return
      const worse = { ...performance, drop: performance.drop + more, z: performance.z + 100 * more }
      // Limits look at which rule was tried before, so they may hold back what a weaker rule would be granted.
      const free = { ...context, history: { decisions: [] } }
      const [before, after] = [decide(evidence, free), decide({ ...evidence, performance: worse }, free)]
      assert.ok(size[after.verdict] >= size[before.verdict], `${before.rule} became ${after.rule}`)
    }),
    { numRuns: 500 },
  )
})
