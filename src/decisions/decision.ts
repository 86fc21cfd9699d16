/** What is decided about a model, on which evidence: the types that travel, are stored and are shown. */
import type { PartialWay } from '../trainer/trainer.js'

/** How far a column has moved. `insufficient`: too few rows to say, which is never the same as `none`. */
export type DriftLevel = 'none' | 'moderate' | 'major' | 'insufficient'

/** Drift of one feature, live rows against the champion's reference. */
export interface FeatureDrift {
  readonly column: string
  readonly kind: 'numeric' | 'categorical'
  /** Population stability index, natural logarithm, reference deciles or top-50 categories, missing as a bin. */
  readonly psi: number
  /** What PSI must exceed to stand out from sampling noise at this many rows. */
  readonly psiNoise: number
  /** Kolmogorov-Smirnov distance on the bins, [0, 1]; numeric columns only. */
  readonly ks: number | null
  /** Bias-corrected Cramér's V, [0, 1]; categorical columns only. */
  readonly cramersV: number | null
  readonly level: DriftLevel
}

/** A broken expectation about the data themselves (rule R0): it blocks retraining and never triggers it. */
export interface DataProblem {
  readonly kind: 'quarantineShare' | 'nullShare' | 'constantColumn' | 'unseenCategories' | 'rowCount' | 'unreadable'
  readonly column: string | null
  /** One sentence with the numbers. */
  readonly text: string
}

/** Realised performance of the champion on live rows whose labels are known. */
export interface LivePerformance {
  readonly metric: string
  /** Value and rows where the champion was examined. */
  readonly reference: number
  readonly referenceRows: number
  /** Value and rows now. */
  readonly live: number
  readonly liveRows: number
  /** Loss in units of its standard error; positive is worse. */
  readonly z: number
  /** Loss of the metric, positive is worse, whichever way the metric points. */
  readonly drop: number
}

/** Everything a decision may rest on. Plain data: stored as it is, replayable. */
export interface Evidence {
  /** Event time that counts as now, ISO 8601. */
  readonly asOf: string
  /** Rows that arrived since the last decision, and the commits they are in. */
  readonly liveRows: number
  readonly liveFrom: string | null
  readonly liveTo: string | null
  readonly liveCommits: readonly number[]
  readonly champion: {
    readonly version: number
    /** True while champion zero serves. */
    readonly isBaseline: boolean
    readonly trainedThrough: string | null
  }
  /** Labelled rows that the champion never saw. */
  readonly newLabelledRows: number
  /** Labelled rows since the change point that recovery goes back to; null when no recovery is under way. */
  readonly labelledRowsSinceChange: number | null
  readonly dataProblems: readonly DataProblem[]
  readonly features: readonly FeatureDrift[]
  /** Drift of the champion's scores; null without reference or live rows. */
  readonly scores: { readonly psi: number; readonly psiNoise: number; readonly level: DriftLevel } | null
  /** Share of positive labels in the reference and now, each with its rows; null while labels are unknown. */
  readonly label: {
    readonly reference: number
    readonly referenceRows: number
    readonly live: number
    readonly rows: number
  } | null
  readonly performance: LivePerformance | null
  /** Weak labels that became known since the last decision; absent without feeds of labels. Nothing is decided by them. */
  readonly weakLabels?: { readonly rows: number; readonly positive: number }
  /** Rows that were there at the last decision, and whose label became known since; absent without feeds of labels. */
  readonly answeredRows?: number
}

/** What earlier decisions and runs leave behind for the next decision. */
export interface DecisionHistory {
  /** Oldest first. */
  readonly decisions: readonly PastDecision[]
}

/** One earlier decision. */
export interface PastDecision {
  readonly run: number
  readonly asOf: string
  readonly verdict: 'none' | 'partial' | 'full'
  readonly rule: RuleName
  /** Columns in major drift then: persistence is counted over windows. */
  readonly majorColumns: readonly string[]
  /** How the run ended; null while it is open. */
  readonly outcome: string | null
  /** Seconds that the training took; null when there was none. */
  readonly trainingSeconds: number | null
  /** Start of the change that the decision answered, when it was a performance drop. */
  readonly changePoint: string | null
}

/**
 * The rules, in the order they are asked; the first match wins. `cooldown` and `budget` are asked last: they turn a
 * retraining that another rule wants into none.
 */
export type RuleName =
  | 'asked'
  | 'badData'
  | 'noNewRows'
  | 'insufficientRows'
  | 'firstModel'
  | 'recovery'
  | 'performanceDrop'
  | 'labelShift'
  | 'broadFeatureDrift'
  | 'featureDrift'
  | 'age'
  | 'cooldown'
  | 'budget'
  | 'nothingNotable'

/** The rows that a retraining asks for. */
export interface TrainingWindow {
  /** Event time, ISO 8601, inclusive; null for the beginning. */
  readonly from: string | null
  /** Event time, ISO 8601, inclusive. */
  readonly to: string
  readonly maxRows: number
  /** Rows up to this time are old: replayed against forgetting. Null when all rows count alike. */
  readonly oldUntil: string | null
  /** Share of old rows in the mix; null when all rows are taken. */
  readonly oldShare: number | null
}

/** The decision: nothing, a part, or all, with the rule that fired and its numbers. */
export interface Decision {
  readonly verdict: 'none' | 'partial' | 'full'
  /** How a partial is done; null otherwise. */
  readonly way: PartialWay | null
  readonly rule: RuleName
  /** Sentences for people, the deciding one first. */
  readonly reasons: readonly string[]
  readonly window: TrainingWindow | null
  /** Start of the change, for a performance drop. */
  readonly changePoint: string | null
  /** Cost of the training in the spec's currency, from measured history; null when nothing was measured yet. */
  readonly expectedCost: number | null
}
