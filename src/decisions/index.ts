/**
 * Refit's policy: pure functions from evidence to verdicts, without I/O, clock or unseeded randomness.
 *
 * ```js
 * import { deepEqual } from 'node:assert/strict'
 * import { ruleOnAdmission } from 'refit/decisions'
 *
 * // Run 7 is open: what asks meanwhile becomes one run after it.
 * const state = { paused: false, running: { run: 7, workflowId: 'refit/flights/run/7' }, lastEndedAtMs: null, startsMs: [] }
 * const limits = { cooldownMinutes: 60, runsPerDay: 24 }
 * const [ruling] = ruleOnAdmission(state, [{ id: 'a', trigger: 'alert', count: 1 }], limits, Date.parse('2001-02-03'))
 * deepEqual(ruling, {
 *   id: 'a',
 *   kind: 'queued',
 *   reason: 'Run 7 is open. The request is merged into one follow-up run.',
 *   notBeforeMs: Date.parse('2001-02-03'),
 * })
 * ```
 *
 * A decision of the past can be made again, or under another policy: `evidence` and the history are kept in the store.
 *
 * ```js
 * import { equal } from 'node:assert/strict'
 * import { decide } from 'refit/decisions'
 *
 * const evidence = {
 *   asOf: '2001-03-01T00:00:00Z', liveRows: 0, liveFrom: null, liveTo: null, liveCommits: [],
 *   champion: { version: 1, isBaseline: false, trainedThrough: '2001-02-01T00:00:00Z' },
 *   newLabelledRows: 0, labelledRowsSinceChange: null, dataProblems: [], features: [], scores: null, label: null,
 *   performance: null,
 * }
 * const policy = { minRows: 1000, maxAgeDays: 30, partial: ['warmStart'] } // `parseSpec` gives all of it
 * const context = { policy, metricDirection: 'higher', history: { decisions: [] }, trainerCan: [], trainingHourPrice: 0 }
 * equal(decide(evidence, context).rule, 'noNewRows')
 * ```
 */
export {
  type AdmissionRequest,
  type AdmissionRuling,
  type AdmissionState,
  ruleOnAdmission,
} from './admission.js'
export { assembleEvidence } from './assemble-evidence.js'
export { decide } from './decide.js'
export type {
  DataProblem,
  Decision,
  DecisionHistory,
  DriftLevel,
  Evidence,
  FeatureDrift,
  LivePerformance,
  PastDecision,
  RuleName,
  TrainingWindow,
} from './decision.js'
export type { EvidenceInput, LabelCount, LiveCommit, PerformanceInput } from './evidence-input.js'
export { type Contender, compare, type Gain, type Measured, measure, metricDirection } from './goal-metric.js'
export { judge } from './judge.js'
export type { ArtifactCheck, JudgeInput } from './judge-input.js'
export { closesWindow, majorColumnsNow } from './retrain-rules/feature-drift.js'
export { recoveryFrom } from './retrain-rules/recovery.js'
export type { Asked, DecisionContext } from './retrain-rules/rule.js'
export type { Artifact, IngestedBatch, RunRecord } from './run-record.js'
export type { GateResult, Judgement, Verdict } from './verdict.js'
