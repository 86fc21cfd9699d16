import type { RunRecord } from '../decisions/run-record.js'
import { readStage } from '../ledger/run-ledger.js'
import type { Storage } from '../storage/storage.js'
import type { Outcome } from '../workflows/messages.js'
import type { DecideOutput } from './decide.js'
import type { EvaluateOutput } from './evaluate.js'
import type { IngestSummary } from './ingestion.js'
import type { RunAt } from './ports.js'
import type { ApprovalKept, PromoteOutput, RegisterOutput } from './promotion.js'
import { openPlan } from './run-plan.js'
import type { SelectOutput } from './select.js'
import { inRound } from './stage-output.js'
import type { TrainOutput } from './train.js'

/** What the end of a run left behind. */
export interface EndOutput {
  readonly endedAt: string
  readonly outcome: Outcome
  readonly reason: string
  readonly stages: RunRecord['stages']
}

/** Puts together what the stages of a run left behind, as far as it came. */
export async function readRunRecord(storage: Storage, at: RunAt): Promise<RunRecord> {
  const { plan, revision } = await openPlan(storage, at)
  const read = <T>(stage: string) => readStage<T>(storage, at.model, at.run, stage)
  const ingested = await read<IngestSummary>('ingest')
  const decided = await read<DecideOutput>('decide')
  const selected = await read<SelectOutput>('select')
  const trained = await read<TrainOutput>('train')
  const registered = await read<RegisterOutput>('register')
  const examined = await lastRound<EvaluateOutput>(storage, at, 'evaluate')
  const promoted = await lastRound<PromoteOutput>(storage, at, 'promote')
  const ended = await read<EndOutput>('report')
  const { spec } = revision
  return {
    ...at,
    workflowId: plan.workflowId,
    trigger: plan.request.trigger,
    reason: plan.request.reason,
    actor: plan.request.actor,
    startedAt: plan.startedAt,
    endedAt: ended?.endedAt ?? null,
    outcome: ended?.outcome ?? null,
    outcomeReason: ended?.reason ?? null,
    spec: {
      revision: revision.revision,
      description: spec.goal.description,
      metric: spec.goal.metric,
      currency: spec.goal.currency,
      businessUnit: spec.businessMetric?.unit ?? null,
      psiModerate: spec.policy.psiModerate,
      psiMajor: spec.policy.psiMajor,
    },
    ingested: ingested?.batches ?? null,
    snapshot: ingested?.snapshot ?? null,
    evidence: decided?.evidence ?? null,
    decision: decided?.decision ?? null,
    selection: selected ?? null,
    training: trained === undefined ? null : { ...trained, files: trained.pack.files },
    judgement: examined?.judgement ?? null,
    version: registered?.version ?? null,
    approval: (await read<ApprovalKept>('approve')) ?? null,
    promotion: promoted?.kind === 'moved' ? promoted : null,
    stages: ended?.stages ?? [],
  }
}

async function lastRound<T>(storage: Storage, { model, run }: RunAt, stage: string): Promise<T | undefined> {
  let last: T | undefined
  for (let round = 1; ; round++) {
    const output = await readStage<T>(storage, model, run, inRound(stage, round))
    if (output === undefined) return last
    last = output
  }
}
