/** What workflows take, say and answer. One JSON object each, all defaulted, so that a person can type it. */
import { z } from 'zod'

/** Why a run starts. */
export const TRIGGERS = ['schedule', 'manual', 'alert', 'data', 'drift', 'performance'] as const
/** Why a run starts. */
export type TriggerKind = (typeof TRIGGERS)[number]

/** The stages of a run, in order. */
export const STAGES = [
  'admit',
  'ingest',
  'decide',
  'select',
  'train',
  'evaluate',
  'register',
  'approve',
  'promote',
  'report',
] as const
/** A stage of a run. */
export type Stage = (typeof STAGES)[number]

/** Name of a model. */
export const ModelName = z
  .string({ error: 'expected the name of a model, for example {"model": "flights"}' })
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a lower-case letter, then lower-case letters, digits or -')
  .describe('name of the model')

const reason = z.string().max(2000).default('').describe('why, for the record')
const actor = z.string().max(200).default('unknown').describe('who asks')

/** Input of workflow `retrain`. */
export const RetrainInput = z.strictObject({
  model: ModelName,
  trigger: z.enum(TRIGGERS).default('manual').describe('why the run starts'),
  reason,
  actor,
  force: z.enum(['none', 'partial', 'full']).optional().describe('overrule the decision: a person answers for it'),
  trainFrom: z.iso.datetime({ local: true }).optional().describe('train on rows from this event time on only'),
  asOf: z.iso
    .datetime({ local: true })
    .optional()
    .describe('run on the data of a past day: event time that counts as now'),
  rerun: z
    .strictObject({ run: z.number().int().positive(), from: z.enum(STAGES) })
    .optional()
    .describe('repeat a run from a stage, on the outputs of its earlier stages'),
})
/** Input of workflow `retrain`, complete. */
export type RetrainInput = z.infer<typeof RetrainInput>

/** How a run ended. */
export const OUTCOMES = [
  'promoted',
  'rejected',
  'rolledBack',
  'superseded',
  'cancelled',
  'notNeeded',
  'refused',
  'failed',
] as const
/** How a run ended. */
export type Outcome = (typeof OUTCOMES)[number]

/** Result of workflow `retrain`. */
export interface RunResult {
  readonly outcome: Outcome
  /** One sentence: why it ended so. */
  readonly reason: string
  readonly model: string
  /** Number of the run; null when it was refused. */
  readonly run: number | null
  /** The version it registered; null when none. */
  readonly version: number | null
  /** Key of the report in the store; null when there is none. */
  readonly report: string | null
}

/** A wish for a run, as the steward takes it from whoever has one. */
export const AdmitRequest = z.strictObject({
  /** Idempotency key: one id, one ruling. */
  id: z.string().min(1).max(200),
  trigger: z.enum(TRIGGERS).default('manual'),
  reason,
  actor,
  /** Number of messages this one stands for: a receiver merges what arrives together. */
  count: z.number().int().positive().default(1),
  /** The workflow that asks for itself; absent when the steward is to start one. */
  workflowId: z.string().min(1).max(255).optional(),
  /** What a started run is to be given besides. */
  input: RetrainInput.pick({ force: true, trainFrom: true, asOf: true, rerun: true }).partial().prefault({}),
})
/** A wish for a run. */
export type AdmitRequest = z.infer<typeof AdmitRequest>

/** What the steward answers. `queued`: merged into the one follow-up run. */
export type Ruling =
  | { readonly kind: 'admitted'; readonly run: number; readonly workflowId: string }
  | { readonly kind: 'queued'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }

/** Payload of update `rollback` of the steward. */
export const RollbackRequest = z.strictObject({
  id: z.string().min(1).max(200),
  to: z.number().int().nonnegative().optional().describe('version to go back to; the previous champion unless given'),
  reason: z.string().min(1).max(2000).describe('why, for the record'),
  actor,
})
/** Payload of update `rollback`. */
export type RollbackRequest = z.infer<typeof RollbackRequest>

/** Payload of updates `approve` and `reject` of a run. */
export const ApprovalRequest = z.strictObject({
  actor: z.string().min(1, 'expected who decides').max(200).describe('who decides'),
  reason: z.string().min(1, 'expected why').max(2000).describe('why, for the record'),
})
/** Payload of updates `approve` and `reject`. */
export type ApprovalRequest = z.infer<typeof ApprovalRequest>

/** Work of a run that failed and is tried again, for as long as it takes. */
export interface FailingWork {
  /** Name of the activity. */
  readonly work: string
  /** How many of this name wait, one for each batch where batches come in. */
  readonly count: number
  /** When it failed first, ISO 8601. */
  readonly since: string
  /** Code of the error, such as `StoreUnavailable`; null for what nobody foresaw. */
  readonly code: string | null
  /** The error, in a sentence. */
  readonly reason: string
}

/** Answer of query `status` of a run. */
export interface RunStatus {
  readonly model: string
  readonly run: number | null
  readonly stage: Stage | 'ended'
  /** When the stage was entered, ISO 8601. */
  readonly since: string
  readonly trigger: TriggerKind
  readonly facts: readonly { readonly stage: Stage; readonly text: string }[]
  readonly waitingFor: string | null
  /** How far the stage is, where it can tell. */
  readonly progress?: string | null
  /** What fails and is tried again, as the client learns it from the server; a run itself does not see it. */
  readonly failing?: FailingWork
  readonly outcome: Outcome | null
}

/** Answer of query `status` of a steward. */
export interface StewardStatus {
  readonly model: string
  readonly paused: boolean
  readonly running: { readonly run: number; readonly workflowId: string } | null
  readonly pending: { readonly count: number; readonly reasons: readonly string[] } | null
  readonly lastOutcome: Outcome | null
  readonly runsLast24Hours: number
}

/** Workflow id of the steward of a model. */
export const stewardId = (model: string): string => `refit/${model}/steward`
/** Workflow id of a run that the steward starts. */
export const runId = (model: string, run: number): string => `refit/${model}/run/${run}`
/** The number of a run that the steward started, by its workflow id; `undefined` for any other id. */
export function runNumberOf(model: string, workflowId: string): number | undefined {
  const number = Number(workflowId.slice(workflowId.lastIndexOf('/') + 1))
  return Number.isSafeInteger(number) && number > 0 && workflowId === runId(model, number) ? number : undefined
}
/** The task queue of orchestration and of all stages but training. */
export const TASK_QUEUE = 'refit'
/** The task queue of training: few slots a worker. */
export const TRAINING_QUEUE = 'refit-training'
