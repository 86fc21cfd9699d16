import {
  continueAsNew,
  defineQuery,
  executeChild,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import { z } from 'zod'
import type { Arrival, Collected } from '../stages/ingestion.js'
import type { RunAt } from '../stages/ports.js'
import { ModelName } from './messages.js'
import { parseInput } from './parse-input.js'
import type { RunBoard } from './run-board.js'
import { rows } from './steps.js'

/** What an ingestion has done so far. */
const IngestInput = z.strictObject({
  model: ModelName,
  run: z.number().int().positive(),
  batches: z.number().int().nonnegative().default(0),
  failed: z.array(z.string()).default([]),
})

/** What an ingestion did. */
export interface IngestTotals {
  readonly batches: number
  /** Paths of batches that could not be ingested, and are left for the next run. */
  readonly failed: readonly string[]
}

/** Query `progress` of an ingestion: a sentence. */
export const progressQuery = defineQuery<string>('progress')

/** Paths of failed batches that are named: what a page names must not grow with what failed. */
const MOST_FAILED = 100

/**
 * Brings in what arrived, for a run. One page of batches is brought in by the run itself; more go to a child, so that the
 * history of the run stays short whatever arrived. Gives the paths of batches that are left for the next run.
 */
export async function ingestArrivals(at: RunAt, board: RunBoard): Promise<readonly string[]> {
  const found = await rows.collect({ ...at, failed: [] })
  board.note('ingest', sizeOf(found))
  if (found.isLast) return fanOut(at, found.batches, (progress) => board.progress(progress))
  const workflowId = `${workflowInfo().workflowId}/ingest`
  return (await executeChild(ingest, { workflowId, args: [at] })).failed
}

/**
 * Brings in what arrived, a page in each of its histories. A batch that cannot be ingested is named and left for the next
 * run.
 */
export async function ingest(input: unknown): Promise<IngestTotals> {
  const { model, run, ...before } = parseInput(IngestInput, input, 'ingest')
  const at = { model, run }
  const tell = openPage(at, before.batches)
  const { batches, isLast } = await rows.collect({ ...at, failed: before.failed })
  const failed = [...before.failed, ...(await fanOut(at, batches, tell))]
  const totals = { batches: before.batches + batches.length, failed }
  if (isLast || batches.length === 0 || failed.length >= MOST_FAILED) return totals
  return continueAsNew<typeof ingest>({ ...at, ...totals })
}

/** Shows in the Temporal UI and to whoever asks how far the ingestion is. */
function openPage({ model, run }: RunAt, before: number): (text: string) => void {
  const since = new Date(Date.now()).toISOString()
  const earlier = before === 0 ? '' : `, after ${before} before them`
  let progress = ''
  const tell = (text: string) => {
    progress = `${text}${earlier}`
    setCurrentDetails(`### What arrived for run ${run} of model ${model}\n\nSince ${since}: ${progress}.`)
  }
  setHandler(progressQuery, () => progress, { description: 'How much of what arrived is in' })
  tell('looking for batches')
  return tell
}

/** How much arrived, as far as it is known. */
function sizeOf({ batches, isLast }: Collected): string {
  const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0)
  const size = bytes === 0 ? '' : `, ${(bytes / 1e6).toFixed(1)} MB`
  const count = batches.length === 1 && isLast ? '1 batch' : `${batches.length}${isLast ? '' : ' or more'} batches`
  return `${count}${size} arrived`
}

/**
 * Batches commit each by itself, and none holds up the others. Tells how many are done as they come in. Gives the paths of
 * those that failed for good.
 */
async function fanOut(
  at: RunAt,
  batches: readonly Arrival[],
  tell: (progress: string) => void,
): Promise<readonly string[]> {
  let done = 0
  const bringIn = async (at: RunAt, source: Arrival) => {
    try {
      const summary = source.path.slice(-180)
      return await rows.ingestBatch.executeWithOptions({ summary }, [{ ...at, source }])
    } finally {
      tell(`${++done} of ${batches.length} batches done`)
    }
  }
  tell(`0 of ${batches.length} batches done`)
  const results = await Promise.allSettled(batches.map((source) => bringIn(at, source)))
  return batches.filter((_, i) => results[i]?.status === 'rejected').map(nameOf)
}

/** Two datasets may have a batch of the same path, such as the first push to each. */
const nameOf = ({ dataset, path }: Arrival): string => (dataset === undefined ? path : `${dataset}: ${path}`)
