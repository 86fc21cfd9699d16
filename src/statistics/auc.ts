import { at } from './at.js'
import { classScores } from './class-scores.js'

/**
 * Area under the ROC curve: the share of (positive, negative) pairs in which the positive has the higher score; ties count
 * one half. O(n log n).
 *
 * Source: J. Hanley and B. McNeil, Radiology 143 (1982): the Mann-Whitney statistic on midranks.
 *
 * @param labels 0 or 1 a row.
 * @throws RangeError when a class has no row, or a score is not finite.
 */
export function auc(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  const { positives, negatives } = classScores(labels, scores)
  const [above, below] = [positives.slice().sort(), negatives.slice().sort()]
  let [less, lessOrEqual, wins] = [0, 0, 0]
  for (const score of above) {
    while (less < below.length && at(below, less) < score) less++
    while (lessOrEqual < below.length && at(below, lessOrEqual) <= score) lessOrEqual++
    wins += (less + lessOrEqual) / 2
  }
  return wins / (above.length * below.length)
}
