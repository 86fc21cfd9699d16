import { isRefitError } from '../../errors.js'
import type { PositionedCommit, Receipt } from '../dataset/commit.js'
import { isCommit, isRewrite, type PositionedEntry } from '../dataset/dataset-entry.js'
import { datasetLog, entriesOf } from '../dataset/dataset-log.js'
import { stateAt } from '../dataset/dataset-state.js'
import type { DataContext } from '../engine/context.js'
import { waitingBatches } from '../quarantine/quarantine.js'
import { logDifferences } from './verify-log.js'
import { objectDifferences } from './verify-objects.js'

/** The account of a dataset, recomputed. `rowsIn` is the sum of the five places that a row can be in. */
export interface Accounting {
  /** Whether every row is where the receipts say. */
  readonly holds: boolean
  /** Batches that a source handed over. */
  readonly batches: number
  /** Those of them that cannot be read, and wait in quarantine as bytes. */
  readonly unreadable: number
  readonly rowsIn: number
  /** Rows in partitions now: what was erased later, or grew too old, is no longer there. */
  readonly kept: number
  /** Rows that wait in quarantine now: what a person released or dropped is no longer there. */
  readonly quarantined: number
  readonly duplicates: number
  readonly dropped: number
  readonly erased: number
  /** What does not hold, one sentence each. */
  readonly differences: readonly string[]
}

/**
 * Recomputes the account of a dataset from the stored bytes. The log has no gap and each receipt adds up. Each object that the
 * log names and does not remove has the digest that was committed; a partition holds the rows of each commit and spans the
 * times that the log says, no two rows of one key among them; a quarantine holds the rows of each reason. A duplicate batch
 * was committed before. What was taken out of quarantine was there, and was taken once; what took the place of partitions
 * accounts for all their rows; what was erased is gone. It cannot count the duplicates of single rows again: nobody keeps them.
 */
export async function verifyAccounting(context: DataContext, dataset: string): Promise<Accounting> {
  const differences: string[] = []
  const entries = await readEntries(context, dataset, differences)
  differences.push(...logDifferences(entries), ...(await objectDifferences(context, entries)))
  const sums = addUp(entries)
  const places = sums.kept + sums.quarantined + sums.duplicates + sums.dropped + sums.erased
  if (places !== sums.rowsIn) differences.push(`all: ${sums.rowsIn} rows came in, ${places} are in one of the places`)
  return { holds: differences.length === 0, ...sums, differences }
}

/** The entries up to the first one that cannot be read, which is a difference. Nothing that was derived from them is trusted. */
async function readEntries(
  context: DataContext,
  dataset: string,
  differences: string[],
): Promise<readonly PositionedEntry[]> {
  const entries: PositionedEntry[] = []
  try {
    for await (const entry of entriesOf(datasetLog(context.storage, dataset))) entries.push(entry)
  } catch (thrown) {
    if (!isRefitError(thrown, 'StoreCorrupt')) throw thrown
    differences.push(`log: ${thrown.message}`)
  }
  return entries
}

type Sums = Omit<Accounting, 'holds' | 'differences'>

/** Rows that were taken out of quarantine came in once, with their batch; only unreadable bytes were no rows before. */
function addUp(entries: readonly PositionedEntry[]): Sums {
  const { commits } = stateAt(entries, entries.at(-1)?.seq ?? 0)
  const bytes = new Set(commits.flatMap(({ seq, receipt }) => (receipt.unreadable === undefined ? [] : [seq])))
  const isMoved = ({ taken }: PositionedCommit) => taken !== undefined && !bytes.has(taken.of)
  const all = totalsOf(entries.flatMap(({ body }) => (isCommit(body) ? [body.receipt] : [])))
  const moved = totalsOf(commits.filter(isMoved).map(({ receipt }) => receipt)).rowsIn
  const later = totalsOf(entries.flatMap(({ body }) => (isRewrite(body) ? [body.receipt] : [])))
  return {
    batches: commits.filter(({ taken }) => taken === undefined).length,
    unreadable: waitingBatches(commits).filter(({ unreadable }) => unreadable !== null).length,
    rowsIn: all.rowsIn - moved,
    kept: all.kept - later.dropped - later.erased,
    quarantined: all.quarantined - moved,
    duplicates: all.duplicates,
    dropped: all.dropped + later.dropped,
    erased: all.erased + later.erased,
  }
}

const PLACES = ['rowsIn', 'kept', 'quarantined', 'duplicates', 'dropped', 'erased'] as const

function totalsOf(receipts: readonly Receipt[]): Record<(typeof PLACES)[number], number> {
  const totals = { rowsIn: 0, kept: 0, quarantined: 0, duplicates: 0, dropped: 0, erased: 0 }
  for (const receipt of receipts) for (const place of PLACES) totals[place] += receipt[place]
  return totals
}
