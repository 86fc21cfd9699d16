/** Forgetting a person, in all that a dataset of a model left behind: rows, selections of runs, bytes that were pushed. */

import { allEntries, datasetFolder, datasetLog } from '../../data/dataset/dataset-log.js'
import { sourceState } from '../../data/ingestion/collect.js'
import { type Erasure, erase } from '../../data/upkeep/erase.js'
import { erasedSince } from '../../data/upkeep/erasures.js'
import type { Person } from '../../data/upkeep/person.js'
import { finishRemovals } from '../../data/upkeep/remove-objects.js'
import { RefitError } from '../../errors.js'
import { listRuns } from '../../ledger/run-ledger.js'
import { type NumberedRevision, specAt } from '../../ledger/spec-revisions.js'
import { datasetSpec } from '../../spec/datasets.js'
import type { Ports } from '../ports.js'
import { forgetRequests } from '../request-rows.js'
import { erasureOfSelection } from '../selected-rows.js'
import { type DatasetOf, selectionsOf, trainedPosition } from './lineage.js'

type ForgetPorts = Pick<Ports, 'storage' | 'registry' | 'data' | 'openSource'>

/** Whom to forget in which dataset, and on whose behalf. */
export interface ForgetRequest {
  readonly model: string
  /** The newest spec of the dataset: of the model's rows, or of a feed. */
  readonly revision: NumberedRevision
  readonly person: Person
  readonly inText: boolean
  readonly why: string
  readonly actor: string
  /** Only searches. */
  readonly isDry: boolean
}

/** What was forgotten, or would be. */
export interface Forgotten extends Erasure {
  readonly dataset: string
  /** Registered versions that learned from the rows, and cannot be trained again on the very same ones. */
  readonly versions: readonly number[]
  /** Selections of runs, and rows that people were asked about, that were removed, as the rows may be in them. */
  readonly selections: number
}

/**
 * Erases the rows of a person from a dataset. Rejects with `Conflict` while something that was pushed to it was not ingested: nobody
 * knows who is in that.
 */
export async function forgetPerson(ports: ForgetPorts, request: ForgetRequest): Promise<Forgotten> {
  const { storage, data } = ports
  const { model, revision, isDry } = request
  const { spec } = revision
  const source = ports.openSource(revision)
  const known = await sourceState(data, spec.model)
  if (source.forget !== undefined) requireEmpty(spec.model, (await source.waiting?.(known))?.arrivals ?? 0)
  const specAtRevision = async (at: number) => datasetSpec((await specAt(storage, model, at)).spec, spec.model)
  if (!isDry) await finishRemovals(data, spec.model)
  const erased = await erase(data, { ...request, spec, specAt: specAtRevision })
  if (!isDry) await source.forget?.(known)
  return {
    ...erased,
    dataset: spec.model,
    versions: await versionsWith(ports, { model, dataset: spec.model }, erased),
    selections: isDry ? 0 : await removeSelections(ports, model),
  }
}

function requireEmpty(dataset: string, arrivals: number): void {
  if (arrivals === 0) return
  throw new RefitError(
    'Conflict',
    `Cannot erase from "${dataset}": pushes that were not ingested wait (${arrivals}), and the person may be in them. Run \`refit ingest\` first.`,
  )
}

async function versionsWith(
  { storage, registry }: ForgetPorts,
  of: DatasetOf,
  { commits }: Erasure,
): Promise<readonly number[]> {
  const first = commits[0]
  if (first === undefined) return []
  const found: number[] = []
  for (const version of await registry.versions(of.model)) {
    if ((await trainedPosition(storage, of, version)) >= first) found.push(version.version)
  }
  return found
}

/**
 * Removes the selections in which somebody may be who was erased since, from the rows or from the answers of a feed, and those
 * that no run names. A run that is under way with one of them fails, and can be run again.
 */
async function removeSelections({ storage }: ForgetPorts, model: string): Promise<number> {
  const kept = new Set<string>()
  for (const { run } of await listRuns(storage, model)) {
    if ((await erasureOfSelection(storage, { model, run })) !== undefined) continue
    for (const key of await selectionsOf(storage, model, run)) kept.add(key)
  }
  const entries = await allEntries(datasetLog(storage, model))
  const isWhole = (position: number) => erasedSince(entries, position).commits.length === 0
  let removed = await forgetRequests(storage, model, isWhole)
  for await (const key of storage.list(`${datasetFolder(model, 'selections')}/`)) {
    if (kept.has(key)) continue
    await storage.remove(key)
    removed++
  }
  return removed
}
