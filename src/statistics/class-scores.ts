import { at } from './at.js'

/** Scores by class, each in the order of the rows. */
export interface ClassScores {
  readonly positives: Float64Array
  readonly negatives: Float64Array
}

/**
 * Splits scores by label (0 or 1).
 *
 * @throws RangeError when the lengths differ, a score is not finite, or a class has no row.
 */
export function classScores(labels: ArrayLike<number>, scores: ArrayLike<number>): ClassScores {
  checkScores(labels, scores)
  const [positives, negatives] = [new Float64Array(labels.length), new Float64Array(labels.length)]
  let [m, n] = [0, 0]
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === 1) positives[m++] = at(scores, row)
    else negatives[n++] = at(scores, row)
  }
  if (m === 0 || n === 0) {
    throw new RangeError(`Cannot rank scores: expected rows of both classes, found ${m} positive and ${n} negative.`)
  }
  return { positives: positives.subarray(0, m), negatives: negatives.subarray(0, n) }
}

/** @throws RangeError when there is no row, the lengths differ, or a score is not finite. */
export function checkScores(labels: ArrayLike<number>, scores: ArrayLike<number>): void {
  if (labels.length !== scores.length || labels.length === 0) {
    throw new RangeError(`Cannot measure: expected a score a label, found ${scores.length} for ${labels.length}.`)
  }
  for (let row = 0; row < scores.length; row++) {
    if (!Number.isFinite(scores[row])) throw new RangeError(`Cannot measure: the score of row ${row} is not finite.`)
  }
}
