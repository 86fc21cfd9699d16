/** What lists show of models and runs: read from the store alone, so that they work while Temporal is away. */
import { listRuns, type NumberedRun, readStage } from '../ledger/run-ledger.js'
import { latestSpec } from '../ledger/spec-revisions.js'
import type { Registry } from '../registry/registry.js'
import type { Storage } from '../storage/storage.js'
import type { Outcome, TriggerKind } from '../workflows/messages.js'
import type { RegisterOutput } from './promotion.js'
import type { EndOutput } from './run-record.js'

type SummaryPorts = { readonly storage: Storage; readonly registry: Registry }

/** One run in a list. Times are ISO 8601. */
export interface RunSummary {
  readonly run: number
  readonly trigger: TriggerKind
  readonly reason: string
  readonly startedAt: string
  /** Null while the run is open. */
  readonly endedAt: string | null
  readonly outcome: Outcome | null
  readonly outcomeReason: string | null
  /** The version that it registered. */
  readonly version: number | null
}

/** One model in a list. */
export interface ModelSummary {
  readonly model: string
  readonly description: string
  readonly owner: string | null
  readonly specRevision: number
  /** Null until an alias was set. */
  readonly champion: {
    readonly version: number
    /** When the alias moved there, ISO 8601. */
    readonly since: string
    /** Event time of the last row it was trained on; null for champion zero. */
    readonly trainedThrough: string | null
    /** The goal metric on its holdout; null when it was never examined. */
    readonly metric: { readonly name: string; readonly value: number } | null
  } | null
  readonly lastRun: RunSummary | null
}

/** The runs of a model, newest first. */
export async function readRunSummaries(
  { storage }: Pick<SummaryPorts, 'storage'>,
  model: string,
): Promise<readonly RunSummary[]> {
  const runs = await listRuns(storage, model)
  const summaries = await Promise.all(runs.map((run) => summarize(storage, model, run)))
  return summaries.reverse()
}

/** One model with its champion and its last run. */
export async function readModelSummary(ports: SummaryPorts, model: string): Promise<ModelSummary> {
  const { spec, revision } = await latestSpec(ports.storage, model)
  const [lastRun = null] = await readRunSummaries(ports, model)
  return {
    model,
    description: spec.goal.description,
    owner: spec.owner ?? null,
    specRevision: revision,
    champion: await championOf(ports, model, spec.goal.metric),
    lastRun,
  }
}

async function championOf(
  { registry }: SummaryPorts,
  model: string,
  metric: string,
): Promise<ModelSummary['champion']> {
  const move = (await registry.history(model, 'champion')).at(-1)
  if (move === undefined) return null
  const { metrics, trainedThrough } = await registry.version(model, move.version)
  const value = metrics[metric]
  return {
    version: move.version,
    since: move.at,
    trainedThrough: trainedThrough ?? null,
    metric: value === undefined ? null : { name: metric, value },
  }
}

async function summarize(storage: Storage, model: string, numbered: NumberedRun): Promise<RunSummary> {
  const { run, request, admittedAt } = numbered
  const ended = await readStage<EndOutput>(storage, model, run, 'report')
  const registered = await readStage<RegisterOutput>(storage, model, run, 'register')
  return {
    run,
    trigger: request.trigger,
    reason: request.reason,
    startedAt: admittedAt,
    endedAt: ended?.endedAt ?? null,
    outcome: ended?.outcome ?? null,
    outcomeReason: ended?.reason ?? null,
    version: registered?.version ?? null,
  }
}
