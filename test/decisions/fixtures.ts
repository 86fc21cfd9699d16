/** Evidence, context and history that decide nothing, to be changed by one thing at a time. */
import type {
  Decision,
  DecisionContext,
  Evidence,
  FeatureDrift,
  LivePerformance,
  PastDecision,
} from '../../src/decisions/index.js'
import { Policy } from '../../src/spec/policy.js'

/** Evidence of a quiet day. */
export const QUIET: Evidence = {
  asOf: '2001-05-01T00:00:00Z',
  liveRows: 5000,
  liveFrom: '2001-04-24T00:00:00Z',
  liveTo: '2001-04-30T23:59:00Z',
  liveCommits: [7],
  champion: { version: 3, isBaseline: false, trainedThrough: '2001-04-20T00:00:00Z' },
  newLabelledRows: 5000,
  labelledRowsSinceChange: null,
  dataProblems: [],
  features: [],
  scores: null,
  label: { reference: 0.2, referenceRows: 50_000, live: 0.2, rows: 5000 },
  performance: { metric: 'auc', reference: 0.73, referenceRows: 50_000, live: 0.73, liveRows: 5000, z: 0, drop: 0 },
}

/** The default policy, and a trainer that can warm-start. */
export const CONTEXT: DecisionContext = {
  policy: Policy.parse({}),
  metricDirection: 'higher',
  history: { decisions: [] },
  trainerCan: ['recalibrate', 'warmStart'],
  trainingHourPrice: 2,
}

/** A context with parts of the policy changed. */
export const withPolicy = (policy: Partial<Policy>, rest: Partial<DecisionContext> = {}): DecisionContext => ({
  ...CONTEXT,
  policy: { ...CONTEXT.policy, ...policy },
  ...rest,
})

/** A performance of 0.63 where 0.73 was expected: far beyond noise. */
export const DROPPED: LivePerformance = {
  metric: 'auc',
  reference: 0.73,
  referenceRows: 50_000,
  live: 0.63,
  liveRows: 5000,
  z: 9.4,
  drop: 0.1,
}

/** Ten features, the first of them in major drift. */
export const features = (major: number, psi = 0.4): readonly FeatureDrift[] =>
  Array.from({ length: 10 }, (_, index) => ({
    column: `x${index}`,
    kind: 'numeric',
    psi: index < major ? psi : 0.001,
    psiNoise: 0.01,
    ks: 0.1,
    cramersV: null,
    level: index < major ? 'major' : 'none',
  }))

/** An earlier decision that retrained nothing. */
export const past = (changes: Partial<PastDecision> = {}): PastDecision => ({
  run: 1,
  asOf: '2001-04-24T00:00:00Z',
  verdict: 'none',
  rule: 'nothingNotable',
  majorColumns: [],
  outcome: 'notNeeded',
  trainingSeconds: null,
  changePoint: null,
  ...changes,
})

/** The parts of a decision that tables compare. */
export const brief = ({ verdict, way, rule }: Decision): string =>
  [rule, verdict, ...(way === null ? [] : [way])].join(' ')
