import type { DataContext } from '../data/engine/context.js'
import type { RunRecord } from '../decisions/run-record.js'
import type { ModelPackage } from '../predictor/package.js'
import type { Predictor } from '../predictor/predictor.js'
import type { Registry } from '../registry/registry.js'
import type { Source } from '../source/source.js'
import type { SpecRevision } from '../spec/spec.js'
import type { Drained } from '../spool/drain.js'
import type { Storage } from '../storage/storage.js'
import type { Trainer } from '../trainer/trainer.js'

/** Everything the stages need from outside: wired once in the worker, replaced one by one in tests. */
export interface Ports {
  readonly storage: Storage
  readonly registry: Registry
  readonly data: DataContext
  /** Opens the source of a spec, if the operator allows what it names. */
  readonly openSource: (revision: SpecRevision) => Source
  /** Moves what was pushed to a model while the store was away from the rescue spool into its inbox. */
  readonly drainSpool: (model: string, signal: AbortSignal) => Promise<Drained>
  readonly openTrainer: (revision: SpecRevision) => Trainer
  /** Opens a model whose files lie in `folder`; rules are scored by the data room instead. */
  readonly openPredictor: (pack: ModelPackage, folder: string) => Promise<Predictor>
  readonly renderReport: (record: RunRecord) => string
  readonly now: () => Date
}

/** What a stage hears and says while it works. */
export interface Life {
  /** Aborted when the work is to stop. */
  readonly signal: AbortSignal
  /** Number of this attempt, from 1. */
  readonly attempt: number
  /** Shows how far the work is; also proves that the worker lives. */
  show(progress: unknown): void
}

/** Names a run. */
export interface RunAt {
  readonly model: string
  readonly run: number
}

/** One judgement of a run: the first, or another one after the champion moved. */
export interface RoundAt extends RunAt {
  readonly round: number
}
