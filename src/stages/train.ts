/** Training: the rows and the base model onto this host, the trainer, and what it made back into the store. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { featureColumns } from '../data/rules/features.js'
import type { Decision } from '../decisions/decision.js'
import { rows } from '../decisions/plain-numbers.js'
import { RefitError } from '../errors.js'
import { keepStage } from '../ledger/run-ledger.js'
import type { NumberedRevision } from '../ledger/spec-revisions.js'
import type { ModelPackage } from '../predictor/package.js'
import type { Version } from '../registry/registry.js'
import { openLog } from '../storage/log.js'
import { ObjectRef, objectFile, putFile } from '../storage/objects.js'
import type { Trainer, TrainingJob, TrainingResult } from '../trainer/trainer.js'
import type { DecideOutput } from './decide.js'
import { unpack } from './packages.js'
import type { Life, Ports, RunAt } from './ports.js'
import { openPlan } from './run-plan.js'
import type { SelectOutput } from './select.js'
import { selectedFile } from './selected-rows.js'
import { stageOf } from './stage-output.js'

/** What a training left behind. */
export interface TrainOutput {
  readonly text: string
  readonly pack: ModelPackage
  readonly mode: TrainingJob['mode']
  readonly parent: number | null
  readonly trainer: string
  readonly seconds: number
  readonly rows: number
  readonly attempts: number
  readonly resumedFrom: string | null
  readonly parity: number | null
  readonly metrics: Readonly<Record<string, number>>
  readonly summary: string
}

type TrainPorts = Pick<Ports, 'storage' | 'registry' | 'data' | 'openTrainer' | 'now'>

/** Trains the candidate. A killed attempt is gone on with from the last checkpoint that reached the store. */
export async function train(ports: TrainPorts, at: RunAt, life: Life): Promise<TrainOutput> {
  return keepStage(ports.storage, { ...at, stage: 'train' }, async () => {
    const folder = await mkdtemp(join(ports.data.scratchFolder, `train-${at.model}-${at.run}-`))
    try {
      return await trainIn(folder, at, ports, life)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
}

async function trainIn(folder: string, at: RunAt, ports: TrainPorts, life: Life): Promise<TrainOutput> {
  const { revision } = await openPlan(ports.storage, at)
  const trainer = ports.openTrainer(revision)
  const startedMs = ports.now().getTime()
  const checkpoints = checkpointLog(ports, at)
  const resumeFrom = await checkpoints.latest()
  if (resumeFrom !== undefined) life.show({ share: 0, text: `resuming from ${resumeFrom.uri}` })
  const { job, parent } = await prepare(folder, at, ports, { revision, trainer, resumeFrom })
  const result = await trainer.train(job, {
    signal: life.signal,
    progress: (progress) => life.show(progress),
    checkpoint: (file) => checkpoints.save(file),
  })
  const pack = await packUp(ports, at, revision, { job, result })
  const seconds = (ports.now().getTime() - startedMs) / 1000
  return {
    text: `${job.mode} on ${rows(result.rowsTrained)} in ${seconds.toFixed(1)} s: ${result.summary}`,
    pack,
    mode: job.mode,
    parent: parent ?? null,
    trainer: revision.spec.trainer.kind,
    seconds,
    rows: result.rowsTrained,
    attempts: life.attempt,
    resumedFrom: resumeFrom?.uri ?? null,
    parity: result.parity ?? null,
    metrics: result.metrics,
    summary: result.summary,
  }
}

/** Lays out the job: rows, the champion's files when only a part is trained, and the last checkpoint. */
async function prepare(
  folder: string,
  { model, run }: RunAt,
  { storage, registry }: TrainPorts,
  given: { readonly revision: NumberedRevision; readonly trainer: Trainer; readonly resumeFrom: ObjectRef | undefined },
): Promise<{ readonly job: TrainingJob; readonly parent: number | undefined }> {
  const { spec } = given.revision
  const at = { model, run }
  const decided = await stageOf<DecideOutput>(storage, at, 'decide')
  const selected = await stageOf<SelectOutput>(storage, at, 'select')
  const mode = modeOf(decided.decision)
  const base = mode === 'full' ? undefined : await registry.version(model, decided.champion.version)
  const outputFolder = join(folder, 'output')
  const checkpointFolder = join(folder, 'checkpoints')
  await mkdir(outputFolder)
  await mkdir(checkpointFolder)
  const job: TrainingJob = {
    mode,
    features: featureColumns(spec),
    trainingFile: await selectedFile(storage, at, selected.training),
    validationFile: await selectedFile(storage, at, selected.validation),
    ...(await baseFolder(storage, folder, base)),
    parameters: spec.trainer.parameters,
    seed: spec.trainer.seed,
    outputFolder,
    checkpointFolder,
    ...(given.resumeFrom === undefined ? {} : { resumeFrom: await objectFile(storage, given.resumeFrom) }),
  }
  return { job, parent: base?.version }
}

async function baseFolder(storage: Ports['storage'], folder: string, base: Version | undefined) {
  if (base === undefined) return {}
  const path = join(folder, 'base')
  await unpack(storage, base.package, path)
  return { baseFolder: path }
}

function modeOf({ verdict, way }: Decision): TrainingJob['mode'] {
  return verdict === 'partial' && way !== null ? way : 'full'
}

async function packUp(
  { storage }: TrainPorts,
  { model }: RunAt,
  { spec }: NumberedRevision,
  made: { readonly job: TrainingJob; readonly result: TrainingResult },
): Promise<ModelPackage> {
  const files: Record<string, ObjectRef> = {}
  for (const name of made.result.files) {
    files[name] = await putFile(storage, `models/${model}/files`, join(made.job.outputFolder, name), {
      extension: `.${name.split('.').at(-1) ?? 'bin'}`,
    })
  }
  const { predictor } = made.result
  return { predictor, features: [...made.job.features], threshold: thresholdOf(spec), files }
}

/** The score from which a decision is positive; by the business metric, where a right probability costs least. */
export function thresholdOf({ prediction, businessMetric }: NumberedRevision['spec']): number {
  if (prediction.threshold !== 'leastCost') return prediction.threshold
  if (businessMetric === undefined) {
    throw new RefitError('InvalidSpec', 'prediction.threshold: expected a business metric for `leastCost`, found none.')
  }
  const { truePositive, falsePositive, falseNegative, trueNegative } = businessMetric
  const wrongAlarm = falsePositive - trueNegative
  const missed = falseNegative - truePositive
  return Math.min(1, Math.max(0, wrongAlarm / (wrongAlarm + missed)))
}

/** Folder of the checkpoints of a run's training. */
export const checkpointFolder = ({ model, run }: RunAt): string => `runs/${model}/${run}/checkpoint-files`

/** Checkpoints of a run: a numbered log, so that any worker finds the last one. */
function checkpointLog({ storage }: TrainPorts, { model, run }: RunAt) {
  const log = openLog(storage, `runs/${model}/${run}/checkpoints`, z.strictObject({ file: ObjectRef }))
  return {
    latest: async () => (await log.head())?.body.file,
    save: async (path: string) => {
      const file = await putFile(storage, checkpointFolder({ model, run }), path, { extension: '.ckpt' })
      await log.append({ id: file.sha256, actor: 'trainer', body: { file } })
    },
  }
}
