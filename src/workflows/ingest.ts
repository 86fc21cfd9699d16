import { executeChild, workflowInfo } from '@temporalio/workflow'
import type { BatchSource } from '../data/commit.js'
import type { RunAt } from '../stages/ports.js'
import { rows } from './steps.js'

/** A page names at most 100 batches; more pages than these are left for the next run, to keep history bounded. */
const MOST_PAGES = 20

/** What an ingestion did. */
export interface IngestTotals {
  readonly batches: number
  readonly failed: readonly string[]
}

/**
 * Brings in what arrived, for a run. One page of batches is brought in by the run itself; more go to a child, so that the
 * history of the run stays short whatever arrived.
 */
export async function ingestArrivals(at: RunAt): Promise<void> {
  const { sources, isLast } = await rows.collect({ ...at, except: [] })
  if (isLast) await fanOut(at, sources)
  else await executeChild(ingest, { workflowId: `${workflowInfo().workflowId}/ingest`, args: [at] })
}

/** Brings in what arrived, page by page. A batch that cannot be ingested is named and left for the next run. */
export async function ingest(at: RunAt): Promise<IngestTotals> {
  const failed: string[] = []
  let batches = 0
  for (let page = 1; page <= MOST_PAGES; page++) {
    const { sources, isLast } = await rows.collect({ ...at, except: failed })
    failed.push(...(await fanOut(at, sources)))
    batches += sources.length
    if (isLast) break
  }
  return { batches, failed }
}

/** Batches commit each by itself, and none holds up the others. Gives the paths of those that failed for good. */
async function fanOut(at: RunAt, sources: readonly BatchSource[]): Promise<readonly string[]> {
  const results = await Promise.allSettled(sources.map((source) => bringIn(at, source)))
  return sources.filter((_, i) => results[i]?.status === 'rejected').map(({ path }) => path)
}

const bringIn = (at: RunAt, source: BatchSource) =>
  rows.ingestBatch.executeWithOptions({ summary: source.path.slice(-180) }, [{ ...at, source }])
