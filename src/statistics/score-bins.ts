/** Counts of scores on bins that hold equal shares of a reference: what drift of predictions is measured on. */
import { quantileOfSorted } from './quantile.js'

/** Scores counted on bins: bin i holds scores in (edges[i-1], edges[i]], the outer bins are open. */
export interface ScoreCounts {
  readonly edges: readonly number[]
  /** One more than the edges. */
  readonly counts: readonly number[]
}

/** Edges of at most `bins` bins with equal shares of the scores: strictly increasing, fewer where scores repeat. */
export function scoreEdges(scores: Float64Array, bins = 200): readonly number[] {
  const sorted = scores.filter(Number.isFinite).sort()
  if (sorted.length === 0) return []
  const edges = Array.from({ length: bins - 1 }, (_, i) => quantileOfSorted(sorted, (i + 1) / bins))
  return [...new Set(edges)]
}

/** Counts scores on given edges; scores that are not finite are left out. */
export function countScores(scores: Float64Array, edges: readonly number[]): ScoreCounts {
  const counts = new Array<number>(edges.length + 1).fill(0)
  for (const score of scores) {
    if (!Number.isFinite(score)) continue
    const bin = firstEdgeNotBelow(edges, score)
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return { edges, counts }
}

function firstEdgeNotBelow(edges: readonly number[], score: number): number {
  let [from, to] = [0, edges.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((edges[middle] ?? Number.POSITIVE_INFINITY) < score) from = middle + 1
    else to = middle
  }
  return from
}
