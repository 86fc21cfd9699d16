/** What `refit ingest` does: the spool is drained, then everything that arrived comes in, one batch after the other. */
import { collectBatches } from '../data/ingestion/collect.js'
import { type IngestedBatch, ingestBatch } from '../data/ingestion/ingest.js'
import { isRefitError } from '../errors.js'
import type { NumberedRevision } from '../ledger/spec-revisions.js'
import type { Ports } from '../stages/ports.js'

/** Batches that one look at the source names. */
const PAGE = 100

/** A batch that is left for the next time, and why. */
export interface FailedBatch {
  readonly path: string
  readonly reason: string
}

/** What came in. */
export interface BroughtIn {
  readonly commits: readonly IngestedBatch[]
  readonly failed: readonly FailedBatch[]
  /** Why pushes still wait in the spool; absent when none do. */
  readonly spool?: string
}

/** Told before each batch: how many are done, how many are known to wait, whether there may be more, and the next one. */
export type TellPage = (page: {
  readonly done: number
  readonly known: number
  readonly isLast: boolean
  readonly path: string
}) => void

/**
 * Brings in what arrived for a dataset: the rows of a model, or the answers of a feed, by its own spec. A batch that is gone
 * or changes while it is read is left for the next time; whatever else fails ends it, and what is in by then stays in.
 */
export async function bringInAll(
  { data, openSource, drainSpool }: Ports,
  { spec, folder, revision: specRevision }: NumberedRevision,
  { actor, tell = () => {} }: { readonly actor: string; readonly tell?: TellPage | undefined },
): Promise<BroughtIn> {
  const dataset = spec.model
  const { stopped: spool } = await drainSpool(dataset, new AbortController().signal)
  const from = openSource({ spec, folder })
  const commits: IngestedBatch[] = []
  const failed: FailedBatch[] = []
  for (;;) {
    const known = failed.map(({ path }) => path)
    const { batches, isLast } = await collectBatches(data, { dataset, from, limit: PAGE, failed: known })
    const before = commits.length + failed.length
    for (const [i, source] of batches.entries()) {
      tell({ done: before + i, known: before + batches.length, isLast, path: source.path })
      try {
        const ingested = await ingestBatch(data, { spec, specRevision, from, source, actor })
        if (ingested !== undefined) commits.push(ingested)
      } catch (thrown) {
        if (!isRefitError(thrown, 'UnreadableSource')) throw thrown
        failed.push({ path: source.path, reason: thrown.message })
      }
    }
    if (isLast || batches.length === 0) return { commits, failed, ...(spool === undefined ? {} : { spool }) }
  }
}
