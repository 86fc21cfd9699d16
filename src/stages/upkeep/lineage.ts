/** What the registered versions and the runs of a model need of its dataset. */
import { listRuns, readStage } from '../../ledger/run-ledger.js'
import type { Version } from '../../registry/registry.js'
import type { Storage } from '../../storage/storage.js'
import type { IngestSummary } from '../ingestion.js'
import type { Ports } from '../ports.js'
import type { SelectOutput } from '../select.js'

/** Positions of the dataset's log that must stay readable, and selections that must stay. */
export interface Lineage {
  readonly positions: readonly number[]
  /** Keys of objects. */
  readonly selections: ReadonlySet<string>
}

/**
 * The lineage of a model: the position of each registered version, whenever it was registered, and of each run that was admitted
 * after `since` (ISO 8601), with its selections: such a run may be under way, or be run again from any stage.
 */
export async function lineageOf(
  { storage, registry }: Pick<Ports, 'storage' | 'registry'>,
  model: string,
  since: string,
): Promise<Lineage> {
  const positions = new Set<number>()
  for (const version of await registry.versions(model)) positions.add(await trainedPosition(storage, model, version))
  const selections = new Set<string>()
  for (const { run, admittedAt } of await listRuns(storage, model)) {
    if (admittedAt <= since) continue
    const position = await positionOf(storage, model, run)
    if (position !== undefined) positions.add(position)
    for (const key of await selectionsOf(storage, model, run)) selections.add(key)
  }
  return { positions: [...positions], selections }
}

/** The position of the dataset's log that a version was trained on: that of its run, which a decision on a past day lags behind. */
export async function trainedPosition(storage: Storage, model: string, { run, snapshot }: Version): Promise<number> {
  const position = run === undefined ? undefined : await positionOf(storage, model, run)
  return Math.max(snapshot, position ?? 0)
}

/** The position that a run works on, once it has ingested. */
export async function positionOf(storage: Storage, model: string, run: number): Promise<number | undefined> {
  return (await readStage<IngestSummary>(storage, model, run, 'ingest'))?.snapshot
}

/** Keys of the rows that a run selected. */
export async function selectionsOf(storage: Storage, model: string, run: number): Promise<readonly string[]> {
  const selected = await readStage<SelectOutput>(storage, model, run, 'select')
  if (selected === undefined) return []
  return [selected.training, selected.validation, selected.holdout].map(({ uri }) => uri)
}
