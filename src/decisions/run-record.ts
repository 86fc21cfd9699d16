/** Everything that is kept about one run, in one object: the report page and `refit report` are drawn from it alone. */
import type { Decision, Evidence } from './decision.js'
import type { Judgement } from './verdict.js'

/** What a run did with one batch. */
export interface IngestedBatch {
  readonly path: string
  readonly commit: number
  readonly rowsIn: number
  readonly kept: number
  readonly quarantined: number
  readonly duplicates: number
  readonly reasons: Readonly<Record<string, number>>
  readonly unreadable: string | null
}

/** A stored object that belongs to the run. */
export interface Artifact {
  readonly uri: string
  readonly sha256: string
  readonly bytes: number
  readonly rows?: number | undefined
}

/** The record of a run. Parts of stages that were not reached are null. Times are ISO 8601. */
export interface RunRecord {
  readonly model: string
  readonly run: number
  readonly workflowId: string
  readonly trigger: string
  readonly reason: string
  readonly actor: string
  readonly startedAt: string
  readonly endedAt: string | null
  readonly outcome: string | null
  readonly outcomeReason: string | null
  readonly spec: {
    readonly revision: number
    readonly description: string
    readonly metric: string
    readonly currency: string
    readonly businessUnit: string | null
    /** Drift from which a feature counts as moved, as the policy says. */
    readonly psiModerate: number
    readonly psiMajor: number
  }
  readonly ingested: readonly IngestedBatch[] | null
  /** Position of the dataset's log that the run worked on. */
  readonly snapshot: number | null
  readonly evidence: Evidence | null
  readonly decision: Decision | null
  readonly selection: {
    readonly from: string | null
    readonly to: string | null
    readonly trainingRows: number
    readonly oldRows: number
    readonly validationRows: number
    readonly holdoutRows: number
    readonly training: Artifact
    readonly validation: Artifact
    readonly holdout: Artifact
  } | null
  readonly training: {
    readonly trainer: string
    readonly mode: string
    readonly parent: number | null
    readonly seconds: number
    readonly rows: number
    readonly attempts: number
    readonly resumedFrom: string | null
    readonly parity: number | null
    readonly metrics: Readonly<Record<string, number>>
    readonly summary: string
    readonly files: Readonly<Record<string, Artifact>>
  } | null
  readonly judgement: Judgement | null
  readonly version: number | null
  readonly approval: {
    readonly verdict: 'approved' | 'rejected' | 'expired'
    readonly actor: string
    readonly reason: string
    readonly at: string
  } | null
  readonly promotion: { readonly from: number | null; readonly to: number; readonly aliasSeq: number } | null
  /** How long each stage took, in order. */
  readonly stages: readonly { readonly stage: string; readonly seconds: number; readonly text: string }[]
}
