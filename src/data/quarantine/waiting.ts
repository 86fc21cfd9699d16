/** What waits in the quarantine of a dataset, as a number that a page may ask for at any time. */

import { isCommit } from '../dataset/dataset-entry.js'
import { datasetLog } from '../dataset/dataset-log.js'
import type { DataContext } from '../engine/context.js'
import { reasonsLeft, rowsOf } from './quarantine.js'

/** How much waits in quarantine. */
export interface QuarantineCount {
  /** Batches of which something waits. */
  readonly batches: number
  /** Rows that wait. */
  readonly rows: number
  /** Of the batches, those that could not be read: nobody knows their rows. */
  readonly unreadable: number
  /** When the first of what waits came, ISO 8601; null when nothing waits. */
  readonly since: string | null
}

/** What is left of one commit. */
interface Left {
  readonly reasons: Readonly<Record<string, number>>
  readonly isUnreadable: boolean
  readonly at: string
}

/** Counts what waits, of a state that is folded from the log: the log is not read again from its beginning. */
export async function countQuarantine({ storage }: DataContext, dataset: string): Promise<QuarantineCount> {
  const initial: Record<string, Left> = {}
  const { state } = await datasetLog(storage, dataset).fold('quarantine', initial, (left, { seq, at, body }) => {
    // What else the log holds moves rows that were kept.
    if (!isCommit(body)) return left
    const { receipt, taken } = body
    if (taken !== undefined) takeFrom(left, String(taken.of), taken.rule)
    const isUnreadable = receipt.unreadable !== undefined
    if (isUnreadable || rowsOf(receipt.reasons) > 0) left[seq] = { reasons: receipt.reasons, isUnreadable, at }
    return left
  })
  const waiting = Object.values(state)
  return {
    batches: waiting.length,
    rows: waiting.reduce((sum, { reasons }) => sum + rowsOf(reasons), 0),
    unreadable: waiting.filter(({ isUnreadable }) => isUnreadable).length,
    since: waiting.reduce<string | null>((first, { at }) => (first === null || at < first ? at : first), null),
  }
}

/** Rows leave by their reason, bytes that could not be read as a whole. */
function takeFrom(left: Record<string, Left>, of: string, rule: string | null): void {
  const before = left[of]
  if (before === undefined) return
  const reasons = reasonsLeft(before, [rule])
  if (before.isUnreadable || rowsOf(reasons) === 0) delete left[of]
  else left[of] = { ...before, reasons }
}
