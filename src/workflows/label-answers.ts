/** A run asks people about rows without a label, and waits for their answers. */
import { sleep } from '@temporalio/workflow'
import type { RunAt } from '../stages/ports.js'
import { ingestArrivals } from './ingest.js'
import type { RunBoard } from './run-board.js'
import { rows } from './steps.js'

/** Looks at the feeds while the run waits, at most: each is some twenty events of its history. */
const MOST_LOOKS = 60
/** Between two looks, at least. */
const LEAST_PAUSE_MS = 1_000

/**
 * Waits until every row that was asked about has an answer, or the time for answers is over; what arrives meanwhile comes in.
 * Gives the paths of batches that are left for the next run: of the last look, or those given when there was none.
 */
export async function awaitAnswers(
  at: RunAt,
  board: RunBoard,
  leftBefore: readonly string[],
): Promise<readonly string[]> {
  let look = await rows.requestLabels(at)
  const untilMs = Date.parse(look.openUntil)
  const pauseMs = Math.max(LEAST_PAUSE_MS, (untilMs - Date.now()) / MOST_LOOKS)
  let left = leftBefore
  while (look.missing > 0 && Date.now() < untilMs) {
    board.waitFor(look.text)
    await sleep(Math.min(pauseMs, untilMs - Date.now()))
    left = await ingestArrivals(at, board)
    look = await rows.countAnswers({ ...at, request: look.request })
  }
  board.waitFor(null)
  return left
}
