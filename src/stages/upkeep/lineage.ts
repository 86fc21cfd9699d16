/** What the registered versions and the runs of a model need of its datasets. */
import { listRuns, readStage } from '../../ledger/run-ledger.js'
import type { Version } from '../../registry/registry.js'
import { feedDataset } from '../../spec/datasets.js'
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

/** A dataset of a model: its rows, or the answers of a feed. */
export interface DatasetOf {
  readonly model: string
  readonly dataset: string
}

/**
 * The lineage of a model: the position of each registered version, whenever it was registered, and of each run that was admitted
 * after `since` (ISO 8601), with its selections: such a run may be under way, or be run again from any stage.
 */
export async function lineageOf(
  { storage, registry }: Pick<Ports, 'storage' | 'registry'>,
  { model, dataset }: DatasetOf,
  since: string,
): Promise<Lineage> {
  const of = { model, dataset }
  const positions = new Set<number>()
  for (const version of await registry.versions(model)) positions.add(await trainedPosition(storage, of, version))
  const selections = new Set<string>()
  for (const { run, admittedAt } of await listRuns(storage, model)) {
    if (admittedAt <= since) continue
    const position = await positionOf(storage, of, run)
    if (position !== undefined) positions.add(position)
    for (const key of await selectionsOf(storage, model, run)) selections.add(key)
  }
  return { positions: [...positions], selections }
}

/**
 * The position of a dataset's log that a version was trained on, of the model's rows or of a feed: that of its run, which a
 * decision on a past day lags behind.
 */
export async function trainedPosition(
  storage: Storage,
  { model, dataset }: DatasetOf,
  { run, snapshot }: Version,
): Promise<number> {
  const position = run === undefined ? undefined : await positionOf(storage, { model, dataset }, run)
  return Math.max(dataset === model ? snapshot : 0, position ?? 0)
}

/** The position that a run works on, once it has ingested; `undefined` also for a feed that it did not know. */
export async function positionOf(
  storage: Storage,
  { model, dataset }: DatasetOf,
  run: number,
): Promise<number | undefined> {
  return (await positionsOf(storage, model, run))[dataset]
}

/** The positions that a run works on, by dataset; none before it has ingested. */
export async function positionsOf(
  storage: Storage,
  model: string,
  run: number,
): Promise<Readonly<Record<string, number>>> {
  const ingested = await readStage<IngestSummary>(storage, model, run, 'ingest')
  if (ingested === undefined) return {}
  const feeds = Object.entries(ingested.answers ?? {}).map(([feed, position]) => [feedDataset(model, feed), position])
  return { [model]: ingested.snapshot, ...Object.fromEntries(feeds) }
}

/** Keys of the rows that a run selected. */
export async function selectionsOf(storage: Storage, model: string, run: number): Promise<readonly string[]> {
  const selected = await readStage<SelectOutput>(storage, model, run, 'select')
  if (selected === undefined) return []
  return [selected.training, selected.validation, selected.holdout].map(({ uri }) => uri)
}
