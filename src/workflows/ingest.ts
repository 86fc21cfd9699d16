import { continueAsNew, executeChild, workflowInfo } from '@temporalio/workflow'
import { z } from 'zod'
import type { BatchSource, Found } from '../source/source.js'
import type { RunAt } from '../stages/ports.js'
import { ModelName } from './messages.js'
import { parseInput } from './parse-input.js'
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

/** Paths of failed batches that are named: what a page names must not grow with what failed. */
const MOST_FAILED = 100

/** How much arrived, as far as it is known. */
function sizeOf({ batches, isLast }: Found): string {
  const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0)
  const size = bytes === 0 ? '' : `, ${(bytes / 1e6).toFixed(1)} MB`
  return `${batches.length}${isLast ? '' : ' or more'} batches${size} arrived`
}

/**
 * Brings in what arrived, for a run. One page of batches is brought in by the run itself; more go to a child, so that the
 * history of the run stays short whatever arrived.
 */
export async function ingestArrivals(at: RunAt, tell: (text: string) => void): Promise<void> {
  const found = await rows.collect({ ...at, failed: [] })
  tell(sizeOf(found))
  if (found.isLast) await fanOut(at, found.batches)
  else await executeChild(ingest, { workflowId: `${workflowInfo().workflowId}/ingest`, args: [at] })
}

/**
 * Brings in what arrived, a page in each of its histories. A batch that cannot be ingested is named and left for the next
 * run.
 */
export async function ingest(input: unknown): Promise<IngestTotals> {
  const { model, run, ...before } = parseInput(IngestInput, input, 'ingest')
  const at = { model, run }
  const { batches, isLast } = await rows.collect({ ...at, failed: before.failed })
  const failed = [...before.failed, ...(await fanOut(at, batches))]
  const totals = { batches: before.batches + batches.length, failed }
  if (isLast || batches.length === 0 || failed.length >= MOST_FAILED) return totals
  return continueAsNew<typeof ingest>({ ...at, ...totals })
}

/** Batches commit each by itself, and none holds up the others. Gives the paths of those that failed for good. */
async function fanOut(at: RunAt, batches: readonly BatchSource[]): Promise<readonly string[]> {
  const results = await Promise.allSettled(batches.map((source) => bringIn(at, source)))
  return batches.filter((_, i) => results[i]?.status === 'rejected').map(({ path }) => path)
}

const bringIn = (at: RunAt, source: BatchSource) =>
  rows.ingestBatch.executeWithOptions({ summary: source.path.slice(-180) }, [{ ...at, source }])
