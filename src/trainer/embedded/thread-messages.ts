/** What the thread is given and what it says. All of it is cloned or handed over between threads: plain data. */
import type { TrainingProgress } from '../trainer.js'
import type { EncodedRows } from './encode.js'
import type { EmbeddedParameters } from './parameters.js'
import type { Weights } from './weights.js'

/** What the thread is to do. */
export interface ThreadTask {
  readonly training: EncodedRows
  readonly validation: EncodedRows
  readonly start: Weights
  readonly parameters: EmbeddedParameters
  readonly seed: number
  /** `fit` trains weights by steps; `recalibrate` refits the map from score to probability. */
  readonly work:
    | { readonly kind: 'fit'; readonly learningRate: number; readonly trainable: readonly string[] }
    | { readonly kind: 'recalibrate' }
  readonly checkpoints: { readonly folder: string; readonly job: string; readonly resumeFrom?: string }
  /** Rows to ask the trained model for, to compare its export with: the first of validation, else of training. */
  readonly parityRows: number
}

/** What was trained. */
export interface ThreadResult {
  readonly weights: Weights
  /** Scores of the first rows, see `parityRows`. */
  readonly scores: Float64Array
  readonly metrics: Readonly<Record<string, number>>
  readonly summary: string
}

/** What the thread says. It waits for a `saved` after each `checkpoint`. */
export type ThreadMessage =
  | { readonly kind: 'progress'; readonly progress: TrainingProgress }
  | { readonly kind: 'checkpoint'; readonly file: string }
  | { readonly kind: 'trained'; readonly result: ThreadResult }

/** What the thread hears: the checkpoint it wrote is durable. */
export interface ThreadAnswer {
  readonly kind: 'saved'
}
