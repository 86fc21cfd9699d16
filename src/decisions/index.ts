/** Refit's policy: pure functions from evidence to verdicts, without I/O, clock or unseeded randomness. */
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
