/** The thread that trains: wasm computes without pause, so the worker's own thread stays free to heartbeat. */
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { calibrate, foldIntoHead } from './calibrate.js'
import { CheckpointFolder, type TrainingState } from './checkpoint.js'
import { batchRowsFor, fit } from './fit.js'
import { logLoss } from './log-loss.js'
import { createModel } from './model.js'
import type { ThreadMessage, ThreadResult, ThreadTask } from './thread-messages.js'
import type { Weights } from './weights.js'

/** What was made of the weights, before it is compared and packed. */
type Made = Pick<ThreadResult, 'weights' | 'metrics' | 'summary'>

const port = parentPort
if (port === null) throw new Error('This file is run as a worker thread by run-thread.ts.')
const say = (message: ThreadMessage): void => port.postMessage(message)
const answer = () => once(port, 'message')

// run-thread.ts starts this file with nothing else.
const task = workerData as ThreadTask
const made = task.work.kind === 'fit' ? await fitWeights(task.work) : recalibrateWeights()
say({ kind: 'trained', result: { ...made, scores: scoresOf(made.weights) } })

async function fitWeights(work: {
  readonly learningRate: number
  readonly trainable: readonly string[]
}): Promise<Made> {
  const { folder, job, resumeFrom } = task.checkpoints
  const checkpoints = new CheckpointFolder(folder, job)
  const state = resumeFrom === undefined ? undefined : await checkpoints.read(resumeFrom, task.start)
  const resumed = state === undefined ? {} : { resumeFrom: state }
  const fitted = await fit(
    { ...task, ...work, ...resumed },
    {
      progress: (progress) => say({ kind: 'progress', progress }),
      checkpoint: (now) => saveCheckpoint(checkpoints, now),
    },
  )
  const { weights, epoch, epochs, trainingLoss, validationLoss, rowsPerSecond } = fitted
  const metrics = { epochs, trainingLogLoss: trainingLoss, ...lossMetric(validationLoss), rowsPerSecond }
  const kept =
    validationLoss === null ? '' : `, epoch ${epoch} kept with validation log loss ${validationLoss.toFixed(4)}`
  return { weights, metrics: finite(metrics), summary: `${epochs} epochs${kept}${beginning(state)}` }
}

async function saveCheckpoint(checkpoints: CheckpointFolder, state: TrainingState): Promise<void> {
  const file = await checkpoints.write(state)
  const saved = answer()
  say({ kind: 'checkpoint', file })
  await saved
  await checkpoints.saved(file)
}

function beginning(state: TrainingState | undefined): string {
  if (state !== undefined) return `, resumed at step ${state.position.step}`
  return task.checkpoints.resumeFrom === undefined ? '' : ', begun anew: the checkpoint was of another job or damaged'
}

function recalibrateWeights(): Made {
  const { start, training, validation } = task
  const logits = modelOf(start).logits(training)
  const calibration = calibrate(logits, training.label, training.weight)
  const weights = { ...start, layers: foldIntoHead(start.layers, calibration) }
  const metrics = lossMetric(logLoss(modelOf(weights).logits(validation), validation))
  const { slope, shift } = calibration
  return { weights, metrics, summary: `logit times ${slope.toFixed(4)} plus ${shift.toFixed(4)}` }
}

function scoresOf(weights: Weights): Float64Array {
  const { validation, training, parityRows } = task
  const data = validation.rows > 0 ? validation : training
  const logits = modelOf(weights).logits(data, Math.min(parityRows, data.rows))
  return Float64Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)))
}

function modelOf(weights: Weights) {
  const batchRows = batchRowsFor(task.training.rows, task.parameters.batchSize)
  return createModel({ weights, batchRows, trainable: [] })
}

function lossMetric(loss: number | null): Record<string, number> {
  return loss === null ? {} : { validationLogLoss: loss }
}

/** A training that was resumed at its end measured no loss of its own. */
function finite(metrics: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)))
}
