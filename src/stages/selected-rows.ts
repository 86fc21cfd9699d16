/**
 * The rows that a run selected, as the stages after its selection use them. Somebody in them may have been erased since; then
 * nothing is learned from them, and nothing is promoted that was: also while a copy of them is left on some host.
 */
import { isRemoval, isRewrite, type PositionedEntry } from '../data/dataset/dataset-entry.js'
import { allEntries, datasetLog } from '../data/dataset/dataset-log.js'
import { erasedSince } from '../data/upkeep/erasures.js'
import { isRefitError, RefitError } from '../errors.js'
import { readStage } from '../ledger/run-ledger.js'
import { type ObjectRef, objectFile } from '../storage/objects.js'
import type { Storage } from '../storage/storage.js'
import type { RunAt } from './ports.js'
import type { SelectOutput } from './select.js'
import { positionsOf } from './upkeep/lineage.js'

/** An erasure that took rows or answers of a selection. */
export interface SelectionErasure {
  readonly dataset: string
  /** Number of its entry in the log of the dataset; the last one where there were several. */
  readonly entry: number
  /** ISO 8601. */
  readonly at: string
  readonly why: string
}

/**
 * A local file with rows that a run selected, to be read only. Rejects with `RowsErased` when some of the selection were erased
 * since, with `NotFound` when it was collected; both are permanent, and say what to do.
 */
export async function selectedFile(storage: Storage, at: RunAt, rows: ObjectRef): Promise<string> {
  await requireUnerased(storage, at)
  try {
    return await objectFile(storage, rows)
  } catch (thrown) {
    if (!isRefitError(thrown, 'NotFound')) throw thrown
    // An erasure appends its entries before it removes anything; this one may have begun after the look above.
    await requireUnerased(storage, at)
    throw new RefitError(
      'NotFound',
      `Cannot go on with run ${at.run} of "${at.model}": the rows that it selected are not in the store any more, since nothing needed them for long. ${wayOut(at)}`,
      { cause: thrown },
    )
  }
}

/** Rejects with `RowsErased` when rows of a run's selection, or answers about them, were erased since. */
export async function requireUnerased(storage: Storage, at: RunAt): Promise<void> {
  const erasure = await erasureOfSelection(storage, at)
  if (erasure === undefined) return
  const { dataset, entry, at: when, why } = erasure
  throw new RefitError(
    'RowsErased',
    `Cannot go on with run ${at.run} of "${at.model}": rows of its selection were erased on request since, by entry ${entry} of dataset "${dataset}" at ${when} (${why}). ${wayOut(at)}`,
  )
}

const wayOut = ({ model, run }: RunAt): string =>
  `Select again from the rows that are left with \`refit rerun ${run} --from select --model ${model}\`, or start a new run.`

/** The last erasure of what a run selected; `undefined` when there was none, and before it has selected. */
export async function erasureOfSelection(
  storage: Storage,
  { model, run }: RunAt,
): Promise<SelectionErasure | undefined> {
  const selected = await readStage<SelectOutput>(storage, model, run, 'select')
  if (selected === undefined) return undefined
  let last: SelectionErasure | undefined
  for (const [dataset, position] of Object.entries(await positionsOf(storage, model, run))) {
    const entries = await allEntries(datasetLog(storage, dataset))
    const by = erasedSince(entries, position, selected.seen?.[dataset]).entries.at(-1)
    const erasure = entries.find(({ seq }) => seq === by)
    if (erasure !== undefined && (last === undefined || erasure.at > last.at)) last = { dataset, ...told(erasure) }
  }
  return last
}

function told({ seq: entry, at, body }: PositionedEntry): Omit<SelectionErasure, 'dataset'> {
  const why = isRewrite(body) ? body.rewrite.why : isRemoval(body) ? body.removed.why : ''
  return { entry, at, why }
}
