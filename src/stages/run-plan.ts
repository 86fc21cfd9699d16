/** The beginning of a run: what it pins. */
import { inheritStages, keepStage, readStage } from '../ledger/run-ledger.js'
import { latestSpec, type NumberedRevision, specAt } from '../ledger/spec-revisions.js'
import type { Storage } from '../storage/storage.js'
import { type RetrainInput, STAGES, type Stage } from '../workflows/messages.js'
import type { Ports, RunAt } from './ports.js'

/** What a run pins when it begins, and is true until it ends. */
export interface RunPlan extends RunAt {
  readonly workflowId: string
  readonly request: RetrainInput
  readonly specRevision: number
  readonly startedAt: string
  readonly inherited: readonly Stage[]
  readonly trainingTimeoutMinutes: number
  /** Whether people are asked about rows without a label before the run goes on; no unless given. */
  readonly asksForLabels?: boolean
}

/** The plan of a run with the spec it pinned: what every stage begins with. */
export async function openPlan(
  storage: Storage,
  at: RunAt,
): Promise<{ readonly plan: RunPlan; readonly revision: NumberedRevision }> {
  const plan = await readStage<RunPlan>(storage, at.model, at.run, 'admit')
  if (plan === undefined) throw new Error(`Run ${at.run} of "${at.model}" has no plan: planRun comes first`)
  return { plan, revision: await specAt(storage, at.model, plan.specRevision) }
}

/** Pins the spec's newest revision; a rerun takes over what the earlier run's stages left behind. */
export async function planRun(
  { storage, now }: Pick<Ports, 'storage' | 'now'>,
  input: RunAt & { readonly request: RetrainInput; readonly workflowId: string },
): Promise<RunPlan> {
  const { model, run, request, workflowId } = input
  return keepStage(storage, { model, run, stage: 'admit' }, async () => {
    const { revision, spec } = await latestSpec(storage, model)
    const inherited = await inherit(storage, { model, run }, request)
    return {
      model,
      run,
      workflowId,
      request,
      specRevision: revision,
      startedAt: now().toISOString(),
      inherited,
      trainingTimeoutMinutes: spec.trainer.timeoutMinutes,
      ...(spec.data.labelRequest === undefined ? {} : { asksForLabels: true }),
    }
  })
}

async function inherit(storage: Storage, { model, run }: RunAt, request: RetrainInput): Promise<readonly Stage[]> {
  const { rerun } = request
  if (rerun === undefined) return []
  const stages = STAGES.slice(1, STAGES.indexOf(rerun.from))
  const inherited = await inheritStages(storage, model, { from: rerun.run, to: run, stages })
  return stages.filter((stage) => inherited.includes(stage))
}
