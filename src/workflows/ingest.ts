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
 * Brings in what arrived. Batches fan out and commit each by itself; one that cannot be ingested is named and left for
 * the next run, and never holds up the others.
 */
export async function ingest(at: RunAt): Promise<IngestTotals> {
  const failed: string[] = []
  let batches = 0
  for (let page = 1; page <= MOST_PAGES; page++) {
    const found = await rows.collect({ ...at, except: failed })
    if (found.length === 0) break
    const results = await Promise.allSettled(found.map((source) => bringIn(at, source)))
    results.forEach((result, i) => {
      const path = found[i]?.path
      if (result.status === 'rejected' && path !== undefined) failed.push(path)
    })
    batches += found.length
  }
  return { batches, failed }
}

const bringIn = (at: RunAt, source: BatchSource) =>
  rows.ingestBatch.executeWithOptions({ summary: source.path.slice(-180) }, [{ ...at, source }])
