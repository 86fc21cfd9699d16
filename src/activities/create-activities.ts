import { getClient } from '@temporalio/activity'
import { createRefitClient } from '../client/client.js'
import { type DecideOutput, decide } from '../stages/decide.js'
import { type EvaluateOutput, evaluate } from '../stages/evaluate.js'
import { type Arrival, bringIn, collect, type IngestSummary, sumUpIngest } from '../stages/ingestion.js'
import type { Life, Ports, RoundAt, RunAt } from '../stages/ports.js'
import {
  type ApprovalKept,
  confirmServing,
  keepApproval,
  promote,
  register,
  restoreChampion,
  rollBack,
} from '../stages/promotion.js'
import { recordEnd, report } from '../stages/report.js'
import { answersForRun, requestForRun } from '../stages/run-labels.js'
import { planRun } from '../stages/run-plan.js'
import type { EndOutput } from '../stages/run-record.js'
import { type SelectOutput, select } from '../stages/select.js'
import { type TrainOutput, train } from '../stages/train.js'
import type { Outcome, RetrainInput, RollbackRequest } from '../workflows/messages.js'
import { admissionActivities } from './admission.js'
import { asActivities } from './edge.js'

/**
 * All activities on the ports given, as a worker registers them. Each calls one stage and gives the workflow just what
 * it branches on and shows; the rest of a stage's output stays in the store.
 */
export function createActivities(ports: Ports) {
  return asActivities({
    ...admissionActivities(ports),
    planRun: (input: RunAt & { request: RetrainInput; workflowId: string }) => planRun(ports, input),
    collect: (input: RunAt & { failed: readonly string[] }, life: Life) => collect(ports, input, life),
    ingestBatch: (input: RunAt & { source: Arrival }, life: Life) => bringIn(ports, input, life),
    sumUpIngest: async (at: RunAt & { left?: readonly string[] }) => pick(await sumUpIngest(ports, at), INGESTED),
    requestLabels: (at: RunAt, life: Life) => requestForRun(ports, at, life),
    countAnswers: (input: RunAt & { request: number }) => answersForRun(ports, input),
    decide: async (at: RunAt, life: Life) => pick(await decide(ports, at, life), DECIDED),
    select: async (at: RunAt) => pick(await select(ports, at), SELECTED),
    train: async (at: RunAt, life: Life) => pick(await train(ports, at, life), TRAINED),
    evaluate: async (at: RoundAt, life: Life) => pick(await evaluate(ports, at, life), EVALUATED),
    register: (at: RoundAt) => register(ports, at),
    keepApproval: (input: RunAt & Omit<ApprovalKept, 'at'>) => keepApproval(ports, input),
    promote: (at: RoundAt) => promote(ports, at),
    confirmServing: (at: RoundAt) => confirmServing(ports, at),
    restoreChampion: (at: RoundAt) => restoreChampion(ports, at),
    rollBack: (input: { model: string; request: RollbackRequest }) => rollBack(ports, input),
    recordEnd: (input: RunAt & Omit<EndOutput, 'endedAt'>) => recordEnd(ports, input),
    report: (at: RunAt) => report(ports, at),
    async tellEnded({ model, workflowId, outcome }: RunAt & { workflowId: string; outcome: Outcome }): Promise<void> {
      await createRefitClient(getClient()).tellEnded(model, { workflowId, outcome })
    },
  })
}

/** The activities as workflows see them. */
export type Activities = ReturnType<typeof createActivities>

const INGESTED = ['text', 'snapshot'] as const satisfies readonly (keyof IngestSummary)[]
const DECIDED = ['text', 'verdict'] as const satisfies readonly (keyof DecideOutput)[]
const SELECTED = ['text', 'isEnough'] as const satisfies readonly (keyof SelectOutput)[]
const TRAINED = ['text'] as const satisfies readonly (keyof TrainOutput)[]
const EVALUATED = ['text', 'verdict', 'next', 'expiresDays'] as const satisfies readonly (keyof EvaluateOutput)[]

function pick<T extends object, K extends keyof T>(whole: T, keys: readonly K[]): Pick<T, K> {
  // The entries have exactly the keys of K with the values of T.
  return Object.fromEntries(keys.map((key) => [key, whole[key]])) as Pick<T, K>
}
