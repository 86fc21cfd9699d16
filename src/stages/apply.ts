/** A spec takes effect: stored as a revision, with champion zero registered so that something serves from the start. */
import { applySpec } from '../ledger/spec-revisions.js'
import type { Registry } from '../registry/registry.js'
import type { SpecRevision } from '../spec/spec.js'
import type { Storage } from '../storage/storage.js'
import { baselinePackage } from './packages.js'
import { thresholdOf } from './train.js'

/** What applying a spec did. */
export interface Applied {
  readonly revision: number
  readonly isNew: boolean
  /** True when champion zero was registered by this call. */
  readonly isFirst: boolean
}

/** Stores the spec; applying it again changes nothing. */
export async function apply(
  { storage, registry }: { readonly storage: Storage; readonly registry: Registry },
  given: SpecRevision,
  by: { readonly id: string; readonly actor: string },
): Promise<Applied> {
  const { revision, isNew } = await applySpec(storage, given, by)
  const isFirst = await crownBaseline(registry, given, revision, by.actor)
  return { revision, isNew, isFirst }
}

/** Registers champion zero, once in the life of a model, and lets it serve. Tells whether this was that once. */
async function crownBaseline(
  registry: Registry,
  { spec }: SpecRevision,
  revision: number,
  actor: string,
): Promise<boolean> {
  const { version } = await registry.register(
    spec.model,
    {
      package: baselinePackage(spec, thresholdOf(spec)),
      specRevision: revision,
      snapshot: 0,
      trainingRows: 0,
      metrics: {},
    },
    { id: 'champion-zero', actor },
  )
  const reason = 'champion zero: the baseline serves until a trained model beats it'
  if ((await registry.alias(spec.model, 'champion')) !== undefined) return false
  await registry.move(spec.model, 'champion', { id: 'champion-zero', to: version, expectedSeq: 0, actor, reason })
  return true
}
