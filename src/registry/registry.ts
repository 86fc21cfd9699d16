/**
 * The port to the model registry: numbered immutable versions and named pointers to them.
 *
 * What every adapter guarantees, and `test/registry/conformance.ts` checks:
 *
 * 1. Version numbers of a model have no gap; version 0 is champion zero, the baseline that the spec names.
 * 2. Registering twice with one `id` gives one version.
 * 3. An alias moves only when its sequence number still is the expected one; of concurrent movers one wins.
 * 4. Every move stays readable, with actor, reason and evidence; a rollback is another move.
 */
import { z } from 'zod'
import { ModelPackage } from '../predictor/package.js'
import { ObjectRef } from '../storage/objects.js'

/** What is written once for each version and never changes. */
export const VersionRecord = z
  .strictObject({
    package: ModelPackage,
    run: z.number().int().positive().optional().describe('number of the run that made it; none for champion zero'),
    specRevision: z.number().int().positive().describe('revision of the model spec'),
    parent: z.number().int().nonnegative().optional().describe('version that a partial retraining began with'),
    snapshot: z.number().int().nonnegative().describe('dataset log position that was trained on; 0 for none'),
    trainedFrom: z.string().optional().describe('event time of the first training row, ISO 8601'),
    trainedThrough: z.string().optional().describe('event time of the last training row, ISO 8601'),
    trainingRows: z.number().int().nonnegative().describe('rows trained on'),
    reference: ObjectRef.optional().describe('the reference profile that drift is measured against'),
    evidence: ObjectRef.optional().describe('gate evidence, judged before registration'),
    metrics: z.record(z.string(), z.number()).readonly().describe('metrics on the holdout'),
  })
  .readonly()
/** What is written once for each version and never changes. */
export type VersionRecord = z.infer<typeof VersionRecord>

/** A registered version. */
export interface Version extends VersionRecord {
  readonly version: number
  readonly registeredAt: string
  readonly registeredBy: string
}

/** The named pointers that a model has. */
export const ALIASES = ['champion', 'challenger', 'anchor'] as const
/** A named pointer to a version. */
export type Alias = (typeof ALIASES)[number]

/** Where an alias points, and the number of the move that put it there. */
export interface AliasPosition {
  readonly version: number
  /** Sequence number of the move: the token of the next compare-and-set. 0 when the alias never moved. */
  readonly seq: number
}

/** One move of an alias as it stays in the history. */
export interface AliasMove extends AliasPosition {
  readonly previous: number | undefined
  readonly at: string
  readonly actor: string
  readonly reason: string
  readonly evidence: ObjectRef | undefined
}

/** A wish to move an alias. */
export interface MoveRequest {
  /** Idempotency key: the same id moves once. */
  readonly id: string
  readonly to: number
  /** The sequence number the caller judged against; 0 for an alias that has never been set. */
  readonly expectedSeq: number
  readonly actor: string
  readonly reason: string
  readonly evidence?: ObjectRef
}

/** What became of a wish to move an alias. `stale` carries where the alias points now: judge again, do not retry. */
export type MoveOutcome =
  | { readonly kind: 'moved'; readonly position: AliasPosition }
  | { readonly kind: 'stale'; readonly current: AliasPosition | undefined }

/** The port. Unknown models and versions reject with `NotFound`. */
export interface Registry {
  /** Registers the next version, or gives the one that this `id` registered before. */
  register(model: string, record: VersionRecord, by: { readonly id: string; readonly actor: string }): Promise<Version>
  /** One version. */
  version(model: string, version: number): Promise<Version>
  /** All versions, oldest first. */
  versions(model: string): Promise<readonly Version[]>
  /** Where the alias points, or `undefined` when it was never set. */
  alias(model: string, alias: Alias): Promise<AliasPosition | undefined>
  /** Moves the alias by compare-and-set. Rejects with `NotFound` when the target version does not exist. */
  move(model: string, alias: Alias, request: MoveRequest): Promise<MoveOutcome>
  /** All moves of the alias, oldest first. */
  history(model: string, alias: Alias): Promise<readonly AliasMove[]>
}
