/**
 * The port to what trains. What every adapter guarantees, and `test/trainer/conformance.ts` checks:
 *
 * 1. Training the same job with the same seed gives the same model, within the stated parity.
 * 2. A trainer that is killed and called again with the last saved checkpoint goes on from it.
 * 3. An aborted signal ends the training within seconds, with `Cancelled`, and leaves no process behind.
 * 4. What the trainer cannot do in part is not in `can`; it is then asked for a full training.
 */
import type { FeatureColumn, PredictorSpec } from '../predictor/package.js'

/** The ways of retraining only a part of a model. */
export const PARTIAL_WAYS = ['recalibrate', 'lastLayers', 'warmStart'] as const
/**
 * A way of retraining a part: `recalibrate` refits the map from score to probability, `lastLayers` trains what the spec
 * leaves unfrozen, `warmStart` begins with the champion's weights and trains all of them.
 */
export type PartialWay = (typeof PARTIAL_WAYS)[number]

/** What a training is asked for. Paths are local; Parquet files hold the features, `label` (0 or 1) and `weight`. */
export interface TrainingJob {
  readonly mode: 'full' | PartialWay
  readonly features: readonly FeatureColumn[]
  readonly trainingFile: string
  /** Rows for early stopping; never those of the holdout. */
  readonly validationFile: string
  /** Folder with the files of the champion's package; present for a partial training. */
  readonly baseFolder?: string
  /** From the spec, checked by the trainer. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly seed: number
  /** Empty folder for the files of the package. */
  readonly outputFolder: string
  /** Scratch folder; a checkpoint is one file in it. */
  readonly checkpointFolder: string
  /** A checkpoint file that an earlier attempt saved. */
  readonly resumeFrom?: string
}

/** How far a training is. */
export interface TrainingProgress {
  /** Share of the work done, in [0, 1]. */
  readonly share: number
  /** One short line for a person: epoch, loss, rows a second. */
  readonly text: string
}

/** What the caller lends to a training. */
export interface TrainingHooks {
  readonly signal: AbortSignal
  progress(progress: TrainingProgress): void
  /** Makes a checkpoint file durable. The training goes on when it resolves. */
  checkpoint(file: string): Promise<void>
}

/** What a training made. */
export interface TrainingResult {
  readonly predictor: PredictorSpec
  /** Names of the files in the output folder that belong to the package. */
  readonly files: readonly string[]
  readonly rowsTrained: number
  /** Metrics that the trainer measured itself: on validation, never on the holdout. */
  readonly metrics: Readonly<Record<string, number>>
  /** Largest difference between the trained and the exported model, when both can be asked. */
  readonly parity?: number
  /** One line for the report: what was trained and how it ended. */
  readonly summary: string
}

/** A trainer. */
export interface Trainer {
  /** Partial ways that this trainer can do with this spec. */
  readonly can: readonly PartialWay[]
  /** Rejects with `TrainingFailed` (permanent when a retry cannot help) or `Cancelled`. */
  train(job: TrainingJob, hooks: TrainingHooks): Promise<TrainingResult>
}
