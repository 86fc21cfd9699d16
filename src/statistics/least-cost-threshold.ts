import { at } from './at.js'
import { checkScores } from './class-scores.js'
import type { DecisionCosts } from './row-metrics.js'

/** A threshold and what a decision costs with it. */
export interface LeastCost {
  /** Scores at or above it are decided as positive. In [0, 1] when the scores are. */
  readonly threshold: number
  readonly meanCost: number
}

/**
 * The threshold that costs least on these rows: one of the scores, or 1 when no row should be positive and no score is 1.
 * Of equal costs the highest threshold wins. O(n log n).
 *
 * Choose it on validation rows: on the rows it was chosen on, the cost is too good to be true.
 *
 * @throws RangeError when there is no row or a score is not finite.
 */
export function leastCostThreshold(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  costs: DecisionCosts,
): LeastCost {
  checkScores(labels, scores)
  const order = Uint32Array.from(scores, (_, row) => row).sort((a, b) => at(scores, b) - at(scores, a))
  let cost = 0
  for (const row of order) cost += labels[row] === 1 ? costs.falseNegative : costs.trueNegative
  const highest = at(scores, at(order, 0))
  let best = highest < 1 ? { threshold: 1, cost } : { threshold: highest, cost: Number.POSITIVE_INFINITY }
  for (const [rank, row] of order.entries()) {
    cost += labels[row] === 1 ? costs.truePositive - costs.falseNegative : costs.falsePositive - costs.trueNegative
    const isLastOfScore = at(scores, row) !== scores[order[rank + 1] ?? -1]
    if (isLastOfScore && cost < best.cost) best = { threshold: at(scores, row), cost }
  }
  return { threshold: best.threshold, meanCost: best.cost / labels.length }
}
