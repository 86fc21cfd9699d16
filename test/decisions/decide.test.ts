import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DecisionContext, decide, type Evidence } from '../../src/decisions/index.js'
import { brief, CONTEXT, DROPPED, features, past, QUIET, withPolicy } from './fixtures.js'

/** One case: what differs from a quiet day, and the decision that follows. */
function check(title: string, evidence: Partial<Evidence>, expected: string, context: DecisionContext = CONTEXT): void {
  test(`decide: ${title}`, () => assert.equal(brief(decide({ ...QUIET, ...evidence }, context)), expected))
}
const history = (...decisions: DecisionContext['history']['decisions']) => ({ decisions })
const baseline = { version: 0, isBaseline: true, trainedThrough: null }
const badData: Evidence['dataProblems'] = [{ kind: 'quarantineShare', column: null, text: 'Half of the rows broke.' }]
const drifted = (major: number) => past({ majorColumns: Array.from({ length: major }, (_, i) => `x${i}`) })
const inRecovery = history(
  past({ run: 4, verdict: 'full', rule: 'performanceDrop', outcome: 'promoted', changePoint: '2001-04-10T00:00:00Z' }),
)

check('a quiet day', {}, 'nothingNotable none')
check('bad data', { dataProblems: badData }, 'badData none')
check('no new row', { liveRows: 0 }, 'noNewRows none')
check('one row too few', { liveRows: 999 }, 'insufficientRows none')
check('just enough rows', { liveRows: 1000 }, 'nothingNotable none')
check('a first model', { champion: baseline }, 'firstModel full')
check('a first model needs labels', { champion: baseline, newLabelledRows: 999 }, 'nothingNotable none')
check('performance fell', { performance: DROPPED }, 'performanceDrop full')
check('performance fell within noise', { performance: { ...DROPPED, z: 3 } }, 'nothingNotable none')
check('performance fell by little', { performance: { ...DROPPED, drop: 0.0199 } }, 'nothingNotable none')
check('performance fell by just enough', { performance: { ...DROPPED, drop: 0.02 } }, 'performanceDrop full')
check('performance fell on few rows', { performance: { ...DROPPED, liveRows: 999 } }, 'nothingNotable none')

const label = (reference: number, live: number, rows = 5000) => ({
  label: { reference, referenceRows: 50_000, live, rows },
})
check('prediction drift: training 40/60, live 20/80', label(0.4, 0.2), 'labelShift partial recalibrate')
check('prediction drift the other way', label(0.2, 0.4), 'labelShift partial recalibrate')
check('label shift at the limit', label(0.5, 0.4), 'nothingNotable none')
check('label shift on few rows', label(0.4, 0.2, 999), 'nothingNotable none')
check('label shift within noise', label(0.01, 0.0125, 1000), 'nothingNotable none')
check('labels moved with the features', { ...label(0.4, 0.2), features: features(1) }, 'nothingNotable none')
check('label shift without recalibration', label(0.4, 0.2), 'labelShift partial warmStart', {
  ...CONTEXT,
  trainerCan: ['warmStart'],
})
check('label shift with a trainer that does all or nothing', label(0.4, 0.2), 'labelShift full', {
  ...CONTEXT,
  trainerCan: [],
})

const again = (major: number) => ({ ...CONTEXT, history: history(drifted(major), past()) })
check('drift for the first time', { features: features(3) }, 'nothingNotable none')
check('drift that persists', { features: features(3) }, 'featureDrift partial warmStart', again(3))
check('drift of too few columns', { features: features(2) }, 'nothingNotable none', again(2))
check('very large drift counts at once', { features: features(3, 1) }, 'featureDrift partial warmStart')
check('drift too long ago does not persist', { features: features(3) }, 'nothingNotable none', {
  ...CONTEXT,
  history: history(drifted(3), past(), past()),
})
check('windows without rows do not count', { features: features(3) }, 'featureDrift partial warmStart', {
  ...CONTEXT,
  history: history(drifted(3), past(), past({ rule: 'noNewRows' }), past({ rule: 'insufficientRows' })),
})
check('broad drift that persists', { features: features(6) }, 'broadFeatureDrift full', again(6))
check('broad drift at once trains a part', { features: features(6, 1) }, 'featureDrift partial warmStart')
check('drift without new labels', { features: features(6), newLabelledRows: 9 }, 'insufficientRows none', again(6))

const old = { champion: { version: 3, isBaseline: false, trainedThrough: '2001-03-31T00:00:00Z' } }
check('an old model', old, 'age partial warmStart')
check('an old model without new labels', { ...old, newLabelledRows: 999 }, 'nothingNotable none')
check('a model of just the age', { ...old, asOf: '2001-04-30T00:00:00Z' }, 'nothingNotable none')

check('recovery', { labelledRowsSinceChange: 19_999 }, 'recovery full', { ...CONTEXT, history: inRecovery })
check('recovery ends', { labelledRowsSinceChange: 20_000 }, 'nothingNotable none', { ...CONTEXT, history: inRecovery })
check('recovery without rows yet', { labelledRowsSinceChange: 999 }, 'nothingNotable none', {
  ...CONTEXT,
  history: inRecovery,
})
check(
  'recovery ignores the cooldown',
  { labelledRowsSinceChange: 5000 },
  'recovery full',
  withPolicy({ cooldownDays: 90 }, { history: inRecovery }),
)
check(
  'recovery keeps to the budget',
  { labelledRowsSinceChange: 5000 },
  'budget none',
  withPolicy({ retrainsPer30Days: 1 }, { history: inRecovery }),
)

const trained = history(past({ verdict: 'partial', rule: 'age', outcome: 'promoted' }))
check('cooldown', { performance: DROPPED }, 'cooldown none', withPolicy({ cooldownDays: 7.1 }, { history: trained }))
check(
  'cooldown is over',
  { performance: DROPPED },
  'performanceDrop full',
  withPolicy({ cooldownDays: 7 }, { history: trained }),
)
check('budget', { performance: DROPPED }, 'budget none', withPolicy({ retrainsPer30Days: 1 }, { history: trained }))
check(
  'budget of another month',
  { performance: DROPPED, asOf: '2001-05-24T00:00:00Z' },
  'performanceDrop full',
  withPolicy({ retrainsPer30Days: 1 }, { history: trained }),
)

const rejected = (run: number) => past({ run, verdict: 'full', rule: 'performanceDrop', outcome: 'rejected' })
const afterRejections = (...decisions: DecisionContext['history']['decisions']) => ({
  ...CONTEXT,
  history: history(...decisions),
})
check('one rejected candidate', { performance: DROPPED }, 'performanceDrop full', afterRejections(rejected(1)))
check('two rejected candidates', { performance: DROPPED }, 'cooldown none', afterRejections(rejected(1), rejected(2)))
check(
  'two rejected, one window waited',
  { performance: DROPPED },
  'performanceDrop full',
  afterRejections(rejected(1), rejected(2), past()),
)
check(
  'three rejected, two windows waited',
  { performance: DROPPED },
  'cooldown none',
  afterRejections(rejected(1), rejected(2), rejected(3), past(), past()),
)
check(
  'rejections of another rule',
  { performance: DROPPED },
  'performanceDrop full',
  afterRejections(rejected(1), rejected(2), past({ verdict: 'partial', rule: 'age', outcome: 'rejected' })),
)
check(
  'rejections before a promotion',
  { performance: DROPPED },
  'performanceDrop full',
  afterRejections(rejected(1), rejected(2), { ...rejected(3), outcome: 'promoted' }),
)

const everything = { performance: DROPPED, ...label(0.4, 0.2), features: features(6), ...old }
check('bad data before all', { ...everything, dataProblems: badData, liveRows: 0 }, 'badData none')
check('performance before drift and age', everything, 'performanceDrop full', again(6))
check('broad drift before age', { ...everything, performance: null }, 'broadFeatureDrift full', again(6))
check('recovery before performance', { ...everything, labelledRowsSinceChange: 5000 }, 'recovery full', {
  ...CONTEXT,
  history: inRecovery,
})

const wish = (verdict: 'none' | 'partial' | 'full') => ({
  ...withPolicy({ cooldownDays: 90 }, { history: trained }),
  asked: { verdict },
})
check('asked for a full', { liveRows: 0, newLabelledRows: 0 }, 'asked full', wish('full'))
check('asked for a partial', {}, 'asked partial warmStart', wish('partial'))
check('asked for nothing', everything, 'asked none', wish('none'))
check('asked on bad data', { dataProblems: badData }, 'asked full', wish('full'))
check('asked for a part of the baseline', { champion: baseline }, 'asked full', wish('partial'))
check('asked only where to begin', { performance: DROPPED }, 'performanceDrop full', {
  ...CONTEXT,
  asked: { trainFrom: '2001-01-01T00:00:00Z' },
})
