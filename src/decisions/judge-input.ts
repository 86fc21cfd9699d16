/** What a candidate is judged on. */
import type { BusinessMetric, Gates } from '../spec/examination.js'
import type { GoalMetric } from '../spec/spec.js'
import type { Contender } from './goal-metric.js'
import type { Judgement } from './verdict.js'

/** What was found when the candidate's package was opened and asked. */
export interface ArtifactCheck {
  readonly loads: boolean
  /** The same rows twice gave the same scores. */
  readonly repeatable: boolean
  /** A row alone and in a batch gave the same score. */
  readonly batchEqualsSingle: boolean
  /** Scores that were not finite. */
  readonly notFinite: number
  readonly sizeBytes: number
  readonly maxSizeBytes: number
  /** Why a check failed, in the words of whoever made it; empty when all went well. */
  readonly detail: string
}

/** Everything that a judgement rests on. Scores of all contenders are on the same holdout rows, in the same order. */
export interface JudgeInput {
  /** 1 or 0 a row. */
  readonly labels: ArrayLike<number>
  readonly candidate: Contender
  /** Null while champion zero, the baseline, serves. */
  readonly champion: Contender | null
  readonly baseline: Contender
  /** The pinned reference that stops slow decay; absent when none is pinned. */
  readonly anchor?: Contender
  readonly gates: Gates
  readonly businessMetric: BusinessMetric | undefined
  readonly goalMetric: GoalMetric
  readonly artifact: ArtifactCheck
  readonly championPosition: Judgement['champion']
  /** Seed of the resampling on small holdouts. */
  readonly seed: number
}
