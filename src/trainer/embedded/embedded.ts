/**
 * The embedded trainer: a multilayer perceptron with embeddings, for tables of numbers and categories with a yes/no label.
 * Its package holds the ONNX graph and `weights.bin`, from which a partial training goes on exactly.
 *
 * - `warmStart` trains all weights of the champion. Known values keep their embeddings and scales stay; values that
 *   became frequent since are added, beginning where unknown values are.
 * - `lastLayers` trains the layers that `trainable` names, `recalibrate` only slope and shift of the logit. Both keep
 *   the champion's values: new ones stay unknown.
 */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FeatureColumn } from '../../predictor/package.js'
import type { Batch } from '../../predictor/predictor.js'
import { PARTIAL_WAYS, type Trainer, type TrainingHooks, type TrainingJob, type TrainingResult } from '../trainer.js'
import { encodeRows } from './encode.js'
import { cancelled, hopeless } from './failure.js'
import { exportOnnx, SCORE } from './onnx-export.js'
import { type EmbeddedParameters, parseParameters } from './parameters.js'
import { checkParity, PARITY_ROWS } from './parity.js'
import { runThread } from './run-thread.js'
import { startingModel } from './starting-model.js'
import { collectTable, EXTRA_COLUMNS, type Table } from './table.js'
import type { ThreadResult, ThreadTask } from './thread-messages.js'
import { packModel, type TrainedModel, WEIGHTS_FILE } from './weights-file.js'

/** What the trainer needs from outside: it cannot read Parquet itself. */
export interface EmbeddedDependencies {
  /** Rows of a local Parquet file in stored order: the features, and `extra` as numeric columns. */
  readColumns(
    file: string,
    features: readonly FeatureColumn[],
    extra: readonly string[],
    signal: AbortSignal,
  ): AsyncIterable<Batch>
}

/** Name of the graph in the package. */
const MODEL_FILE = 'model.onnx'

/**
 * Makes the trainer. `parameters` are checked at once (`InvalidSpec`); those of a job, where it has any, go before.
 * Everything random comes from the job's seed: the same job gives the same weights to the last bit.
 */
export function createEmbeddedTrainer(dependencies: EmbeddedDependencies, parameters: unknown): Trainer {
  const defaults = parseParameters(parameters)
  return {
    can: PARTIAL_WAYS,
    train: async (job, hooks) => {
      try {
        return await train(dependencies, { ...job, parameters: { ...defaults, ...job.parameters } }, hooks)
      } catch (thrown) {
        // Whatever an abort broke: it was the abort.
        throw hooks.signal.aborted ? cancelled() : thrown
      }
    },
  }
}

async function train(
  { readColumns }: EmbeddedDependencies,
  job: TrainingJob,
  hooks: TrainingHooks,
): Promise<TrainingResult> {
  if (hooks.signal.aborted) throw cancelled()
  const parameters = parseParameters(job.parameters)
  const read = (file: string) =>
    collectTable(readColumns(file, job.features, EXTRA_COLUMNS, hooks.signal), job.features, file)
  hooks.progress({ share: 0, text: 'reading rows' })
  const training = await read(job.trainingFile)
  const validation = await read(job.validationFile)
  checkRows(training, job)
  const start = await startingModel(job, training, parameters)
  const task = taskOf({ job, parameters, start, training, validation })
  const trained = await runThread(task, hooks)
  const compared = validation.rows > 0 ? validation : training
  const parity = await writePackage(job, { encoding: start.encoding, weights: trained.weights }, { trained, compared })
  return {
    predictor: { kind: 'onnx', file: MODEL_FILE, output: SCORE },
    files: [MODEL_FILE, WEIGHTS_FILE],
    rowsTrained: training.rows,
    metrics: trained.metrics,
    parity,
    summary: trained.summary,
  }
}

function checkRows({ rows, label }: Table, { trainingFile, mode }: TrainingJob): void {
  if (rows === 0) throw hopeless(`Cannot train on "${trainingFile}": it has no rows. Widen policy.window of the spec.`)
  const positives = label.reduce((sum, value) => sum + value, 0)
  if (mode !== 'full' || (positives > 0 && positives < rows)) return
  const found = positives === 0 ? 'not one is positive' : 'all are positive'
  throw hopeless(`Cannot train on "${trainingFile}": of ${rows} rows ${found}. Check data.label of the spec.`)
}

function taskOf(given: {
  readonly job: TrainingJob
  readonly parameters: EmbeddedParameters
  readonly start: TrainedModel
  readonly training: Table
  readonly validation: Table
}): ThreadTask {
  const { job, parameters, start, training, validation } = given
  return {
    training: encodeRows(training, start.encoding),
    validation: encodeRows(validation, start.encoding),
    start: start.weights,
    parameters,
    seed: job.seed,
    work: workOf(job.mode, start, parameters),
    checkpoints: {
      folder: job.checkpointFolder,
      job: digestOf(job, start, [training.rows, validation.rows]),
      ...(job.resumeFrom === undefined ? {} : { resumeFrom: job.resumeFrom }),
    },
    parityRows: PARITY_ROWS,
  }
}

function workOf(
  mode: TrainingJob['mode'],
  { weights }: TrainedModel,
  parameters: EmbeddedParameters,
): ThreadTask['work'] {
  const all = ['embeddings', ...weights.layers.map(({ name }) => name)]
  const { learningRate, partialLearningRate, trainable } = parameters
  if (mode === 'recalibrate') return { kind: 'recalibrate' }
  if (mode === 'full') return { kind: 'fit', learningRate, trainable: all }
  if (mode === 'warmStart') return { kind: 'fit', learningRate: partialLearningRate, trainable: all }
  const unknown = trainable.find((name) => !all.includes(name))
  if (unknown === undefined) return { kind: 'fit', learningRate: partialLearningRate, trainable }
  throw hopeless(`Cannot train "${unknown}" of trainer.parameters.trainable: the champion has ${all.join(', ')}.`)
}

/** Tells checkpoints of this job from others: everything that decides the result, paths aside. */
function digestOf({ mode, seed, parameters }: TrainingJob, start: TrainedModel, rows: readonly number[]): string {
  const text = JSON.stringify({ mode, seed, parameters, rows })
  return createHash('sha256').update(text).update(packModel(start)).digest('hex')
}

/** Writes the files of the package and gives the parity of the graph. */
async function writePackage(
  { outputFolder, features }: TrainingJob,
  model: TrainedModel,
  { trained, compared }: { readonly trained: ThreadResult; readonly compared: Table },
): Promise<number> {
  const graph = join(outputFolder, MODEL_FILE)
  await writeFile(graph, exportOnnx(model, features))
  await writeFile(join(outputFolder, WEIGHTS_FILE), packModel(model))
  return checkParity(graph, SCORE, { table: compared, features, scores: trained.scores })
}
