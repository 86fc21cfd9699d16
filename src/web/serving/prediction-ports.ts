/** What serving stands on, and what it says. */
import type { Batch, Predictor } from '../../predictor/predictor.js'
import type { Version } from '../../registry/registry.js'
import type { ModelSpec } from '../../spec/spec.js'
import type { RequestRow } from './check-rows.js'

/** What the service is made of; `refit serve` wires it. */
export interface PredictionPorts {
  /** The version that serves now, or `undefined` when the model has none. */
  champion(model: string): Promise<Version | undefined>
  /** The spec that the version was made under: the current one may derive columns differently. */
  spec(model: string, revision: number): Promise<ModelSpec>
  /** Opens a version; never asked for a rule, which the deriver computes. */
  openPackage(version: Version): Promise<Predictor>
  openDeriver(spec: ModelSpec): RowDeriver | Promise<RowDeriver>
  log(entry: PredictionLogEntry): void
  readonly now: () => Date
}

/** A version that is ready to score. */
export interface OpenedChampion {
  readonly version: Version
  readonly spec: ModelSpec
  readonly deriver: RowDeriver
  /** Absent for a rule. */
  readonly predictor: Predictor | undefined
}

/** Computes what a predictor is given from rows as they arrive, by the same SQL as ingestion. */
export interface RowDeriver {
  /** Features for each row, and the scores of the rule when the spec's baseline is one. */
  derive(rows: readonly RequestRow[]): Promise<{ readonly batch: Batch; readonly baseline: Float64Array | null }>
  close(): void | Promise<void>
}

/** One answered request, as it is logged: enough to score the same rows again and to join labels later. */
export interface PredictionLogEntry extends Prediction {
  readonly kind: 'prediction'
  /** When it was answered, ISO 8601. */
  readonly at: string
  readonly model: string
  readonly rows: readonly RequestRow[]
}

/** The answer to one request: arrays hold one value for each row, in order. */
export interface Prediction {
  readonly version: number
  /** Scores of the positive class, [0, 1]. */
  readonly scores: readonly number[]
  /** Whether the score reaches the threshold of the version. */
  readonly decisions: readonly boolean[]
  /** What the rule says to the same rows, when the baseline is one and a trained model serves. */
  readonly baseline?: readonly (number | null)[]
}
