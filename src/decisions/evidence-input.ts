/** What has to be gathered before evidence can be assembled: plain counts and arrays, no I/O left to do. */
import type { Policy } from '../spec/policy.js'
import type { GoalMetric } from '../spec/spec.js'
import type { Profile } from '../statistics/index.js'
import type { Evidence } from './decision.js'
import type { Contender, Measured } from './goal-metric.js'

/** A commit since the last decision; a positioned commit of the dataset's log is one. */
export interface LiveCommit {
  readonly seq: number
  readonly source: { readonly path: string }
  readonly receipt: {
    readonly rowsIn: number
    readonly quarantined: number
    readonly unreadable?: string | undefined
    /** Set where the data gate stopped the batch: its rows are in quarantine, the sound ones too. */
    readonly stopped?: { readonly broken: number } | undefined
  }
  /** Whether a person decided about the batch, by releasing or dropping what was in quarantine; false unless given. */
  readonly isDecided?: boolean
}

/** Labels of some rows. */
export interface LabelCount {
  readonly known: number
  readonly positive: number
}

/** Performance of the champion where it was examined, and on live rows. */
export interface PerformanceInput {
  readonly metric: GoalMetric
  readonly reference: { readonly value: number; readonly rows: number }
  /** Scores of live rows with their labels (1, 0, or NaN while unknown), or what was measured on them before. */
  readonly live: (Contender & { readonly labels: ArrayLike<number> }) | Measured
}

/** Everything that evidence is assembled from. */
export interface EvidenceInput {
  /** Event time that counts as now, ISO 8601. */
  readonly asOf: string
  readonly champion: Evidence['champion']
  readonly liveCommits: readonly LiveCommit[]
  /** `rowsIn` of each earlier batch that a source handed over: what an ordinary batch holds. */
  readonly earlierRowsIn: readonly number[]
  /** From the data spec. */
  readonly maxQuarantineShare: number
  /** Profile frozen with the champion; null while there is none. */
  readonly reference: Profile | null
  /** Merged profile of the live commits; null without rows. Same bins revision as the reference. */
  readonly live: Profile | null
  /** Counts of the champion's scores on the same bins; null when one side has none. */
  readonly scores: { readonly referenceCounts: readonly number[]; readonly liveCounts: readonly number[] } | null
  /** Null while no label is known on one side. */
  readonly labels: { readonly reference: LabelCount; readonly live: LabelCount } | null
  /** Labelled rows that the champion never saw. */
  readonly newLabelledRows: number
  /** Labelled rows since `recoveryFrom(history)`; null when that is null. */
  readonly labelledRowsSinceChange: number | null
  /** With feeds of labels: weak labels that became known since the last decision. */
  readonly weakLabels?: LabelCount
  /** With feeds of labels: rows that were there at the last decision, and whose label became known since. */
  readonly answeredRows?: number
  readonly performance: PerformanceInput | null
  readonly policy: Policy
}
