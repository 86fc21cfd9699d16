/** The epoch loop: shuffled steps, validation after each epoch, early stopping, checkpoints. */
import type { TrainingProgress } from '../trainer.js'
import type { Position, TrainingState } from './checkpoint.js'
import type { EncodedRows } from './encode.js'
import { logLoss } from './log-loss.js'
import { createModel, type Model } from './model.js'
import type { EmbeddedParameters } from './parameters.js'
import { shuffled } from './random.js'
import type { Weights } from './weights.js'

/** What is fitted to what. */
export interface FitTask {
  readonly training: EncodedRows
  readonly validation: EncodedRows
  readonly start: Weights
  /** A state to go on from, of the same task. */
  readonly resumeFrom?: TrainingState
  readonly parameters: EmbeddedParameters
  readonly learningRate: number
  readonly seed: number
  /** `embeddings` and names of layers. */
  readonly trainable: readonly string[]
}

/** What the caller lends to a fit. */
export interface FitHooks {
  progress(progress: TrainingProgress): void
  /** Training goes on when it resolves. */
  checkpoint(state: TrainingState): Promise<void>
}

/** What came out. */
export interface Fitted {
  /** Weights of the epoch with the lowest validation loss; of the last without validation rows. */
  readonly weights: Weights
  readonly epoch: number
  readonly epochs: number
  readonly trainingLoss: number
  readonly validationLoss: number | null
  /** Rows a second of the steps alone, without validation and checkpoints. */
  readonly rowsPerSecond: number
}

/** An epoch has at least as many steps: with fewer, small data would hardly be learned. */
const LEAST_STEPS = 50
const LEAST_BATCH = 32
/** A person reads no faster. */
const PROGRESS_MS = 500

/** Rows of a step: the parameter, or less for small data. */
export function batchRowsFor(rows: number, batchSize: number): number {
  return Math.min(batchSize, Math.max(LEAST_BATCH, 4 * Math.floor(rows / LEAST_STEPS / 4)))
}

/** Fits a model. The result is the same whether or not it was interrupted and resumed. */
export async function fit(task: FitTask, hooks: FitHooks): Promise<Fitted> {
  return new Fit(task, hooks).run()
}

class Fit {
  readonly #task: FitTask
  readonly #hooks: FitHooks
  readonly #model: Model
  readonly #batchRows: number
  readonly #stepsPerEpoch: number
  readonly #steps: number
  #position: Position
  #best: Weights | undefined
  #trainingLoss = Number.NaN
  #secondsOfSteps = 0
  #rowsOfSteps = 0
  #checkpointAtMs: number
  #progressAtMs = 0

  constructor(task: FitTask, hooks: FitHooks) {
    const { training, parameters, start, resumeFrom, trainable } = task
    this.#task = task
    this.#hooks = hooks
    this.#batchRows = batchRowsFor(training.rows, parameters.batchSize)
    this.#stepsPerEpoch = Math.ceil(training.rows / this.#batchRows)
    const steps = Math.ceil(parameters.maxRowsSeen / this.#batchRows)
    this.#steps = Math.min(parameters.epochs * this.#stepsPerEpoch, steps)
    const { weights = start, ...moments } = resumeFrom ?? {}
    this.#model = createModel({ ...moments, weights, batchRows: this.#batchRows, trainable })
    this.#position = resumeFrom?.position ?? { step: 0, lossSum: 0, bestLoss: null, bestEpoch: 0, epochsWithoutGain: 0 }
    this.#best = resumeFrom?.best
    this.#checkpointAtMs = performance.now() + 1000 * parameters.checkpointSeconds
  }

  async run(): Promise<Fitted> {
    const { patience } = this.#task.parameters
    while (this.#position.step < this.#steps && this.#position.epochsWithoutGain < patience) await this.#epoch()
    const { bestLoss, bestEpoch, step } = this.#position
    return {
      weights: this.#best ?? this.#model.state().weights,
      epoch: bestEpoch,
      epochs: Math.ceil(step / this.#stepsPerEpoch),
      trainingLoss: this.#trainingLoss,
      validationLoss: bestLoss,
      rowsPerSecond: this.#rowsPerSecond(),
    }
  }

  async #epoch(): Promise<void> {
    const { training, seed } = this.#task
    const number = Math.floor(this.#position.step / this.#stepsPerEpoch)
    const order = shuffled(training.rows, seed, number + 1)
    const end = Math.min(this.#steps, (number + 1) * this.#stepsPerEpoch)
    while (this.#position.step < end) {
      const from = (this.#position.step - number * this.#stepsPerEpoch) * this.#batchRows
      this.#step(order.subarray(from, from + this.#batchRows))
      this.#tell(number)
      // The state at the end of an epoch is written after its validation, which belongs to it.
      if (this.#position.step < end) await this.#checkpointWhenDue()
    }
    this.#trainingLoss = this.#position.lossSum / (end - number * this.#stepsPerEpoch)
    this.#validate(number + 1)
    await this.#checkpointWhenDue()
  }

  #step(rows: Uint32Array): void {
    const startedMs = performance.now()
    const step = this.#position.step + 1
    const loss = this.#model.train(this.#task.training, rows, step, this.#rateAt(step))
    this.#position = { ...this.#position, step, lossSum: this.#position.lossSum + loss }
    this.#secondsOfSteps += (performance.now() - startedMs) / 1000
    this.#rowsOfSteps += rows.length
  }

  #rateAt(step: number): number {
    const { learningRate, parameters } = this.#task
    if (parameters.schedule === 'constant') return learningRate
    return (learningRate * (1 + Math.cos((Math.PI * step) / (this.#steps + 1)))) / 2
  }

  #validate(epoch: number): void {
    const { validation } = this.#task
    const loss = logLoss(this.#model.logits(validation), validation)
    const { bestLoss, epochsWithoutGain } = this.#position
    const isBetter = loss === null || bestLoss === null || loss < bestLoss
    if (isBetter && loss !== null) this.#best = this.#model.state().weights
    this.#position = {
      ...this.#position,
      lossSum: 0,
      ...(isBetter ? { bestLoss: loss, bestEpoch: epoch } : {}),
      epochsWithoutGain: isBetter ? 0 : epochsWithoutGain + 1,
    }
  }

  async #checkpointWhenDue(): Promise<void> {
    if (performance.now() < this.#checkpointAtMs) return
    const best = this.#best === undefined ? {} : { best: this.#best }
    await this.#hooks.checkpoint({ position: this.#position, ...this.#model.state(), ...best })
    this.#checkpointAtMs = performance.now() + 1000 * this.#task.parameters.checkpointSeconds
  }

  #tell(epochNumber: number): void {
    if (performance.now() < this.#progressAtMs) return
    this.#progressAtMs = performance.now() + PROGRESS_MS
    const { step, lossSum } = this.#position
    const loss = (lossSum / (step - epochNumber * this.#stepsPerEpoch)).toFixed(4).replace(/^0/, '')
    const epochs = Math.ceil(this.#steps / this.#stepsPerEpoch)
    const rate = (this.#rowsPerSecond() / 1e6).toFixed(2)
    const text = `epoch ${epochNumber + 1}/${epochs} · loss ${loss} · ${rate} M rows/s`
    this.#hooks.progress({ share: step / this.#steps, text })
  }

  #rowsPerSecond(): number {
    return this.#secondsOfSteps === 0 ? 0 : this.#rowsOfSteps / this.#secondsOfSteps
  }
}
