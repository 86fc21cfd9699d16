/** The runs of a model, numbered by a log, and what each stage of a run left behind. */
import { z } from 'zod'
import { sharedLog } from '../storage/log.js'
import type { Storage } from '../storage/storage.js'
import { AdmitRequest } from '../workflows/messages.js'

/** One admitted run: who asked, and which workflow carries it. */
export const AdmittedRun = z.strictObject({
  request: AdmitRequest,
  /** Present when a workflow asked for itself; otherwise the run is `refit/<model>/run/<n>`. */
  workflowId: z.string().optional(),
})
/** One admitted run. */
export type AdmittedRun = z.infer<typeof AdmittedRun>

/** An admitted run with its number. */
export interface NumberedRun extends AdmittedRun {
  readonly run: number
  readonly admittedAt: string
}

const runLog = (storage: Storage, model: string) => sharedLog(storage, `runs/${model}/log`, AdmittedRun)

/** Gives an admitted request the next run number; the same request id always has the same number. */
export async function numberRun(storage: Storage, model: string, admitted: AdmittedRun): Promise<number> {
  const { request } = admitted
  const appended = await runLog(storage, model).append({ id: request.id, actor: request.actor, body: admitted })
  if (appended.kind === 'stale') throw new Error('An append without an expected number cannot be stale')
  return appended.entry.seq
}

/** All runs of a model, oldest first. */
export async function listRuns(storage: Storage, model: string): Promise<readonly NumberedRun[]> {
  const runs: NumberedRun[] = []
  for await (const entry of runLog(storage, model).entries()) {
    runs.push({ ...entry.body, run: entry.seq, admittedAt: entry.at })
  }
  return runs
}

/** One run, or `undefined`. */
export async function runAt(storage: Storage, model: string, run: number): Promise<NumberedRun | undefined> {
  const entry = await runLog(storage, model).at(run)
  return entry === undefined ? undefined : { ...entry.body, run: entry.seq, admittedAt: entry.at }
}

/** Key of a file that belongs to a run. */
export const runKey = (model: string, run: number, file: string): string => `runs/${model}/${run}/${file}`

const stageKey = (model: string, run: number, stage: string) => runKey(model, run, `stages/${stage}.json`)

/** What a stage of a run left behind, or `undefined` when it did not finish. */
export async function readStage<T>(
  storage: Storage,
  model: string,
  run: number,
  stage: string,
): Promise<T | undefined> {
  const bytes = await storage.read(stageKey(model, run, stage))
  // The bytes were written by `keepStage` with the same stage, hence of the same type.
  return bytes === undefined ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as T)
}

/**
 * Does the work of a stage once: what an earlier attempt finished is given again instead, also when that attempt's
 * answer never reached the workflow. Of attempts that finish at the same time the first one counts for both.
 */
export async function keepStage<T>(
  storage: Storage,
  at: { readonly model: string; readonly run: number; readonly stage: string },
  work: () => Promise<T>,
): Promise<T> {
  const before = await readStage<T>(storage, at.model, at.run, at.stage)
  if (before !== undefined) return before
  const output = await work()
  const body = new TextEncoder().encode(JSON.stringify(output))
  const isFirst = await storage.create(stageKey(at.model, at.run, at.stage), body)
  if (isFirst) return output
  return (await readStage<T>(storage, at.model, at.run, at.stage)) ?? output
}

/** Copies what stages of an earlier run left behind, so that this run goes on after them. Gives the stages copied. */
export async function inheritStages(
  storage: Storage,
  model: string,
  copy: { readonly from: number; readonly to: number; readonly stages: readonly string[] },
): Promise<readonly string[]> {
  const inherited: string[] = []
  for (const stage of copy.stages) {
    const bytes = await storage.read(stageKey(model, copy.from, stage))
    if (bytes === undefined) continue
    await storage.create(stageKey(model, copy.to, stage), bytes)
    inherited.push(stage)
  }
  return inherited
}
