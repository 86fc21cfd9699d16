/** Whether the holdout can decide anything at all. */
import type { Contender } from '../goal-metric.js'
import { count, rows } from '../plain-numbers.js'

/** Fewer rows than these do not bear the approximations behind the bounds. */
export const LEAST_ROWS = 200
/** The same for each class. */
export const LEAST_ROWS_A_CLASS = 20

/** Why rows cannot be examined (`error`) or cannot decide (`inconclusive`). */
export interface HoldoutProblem {
  readonly verdict: 'error' | 'inconclusive'
  readonly text: string
}

/** What stands in the way of comparing the named contenders on these labels; undefined when nothing does. */
export function holdoutProblem(
  labels: ArrayLike<number>,
  contenders: Readonly<Record<string, Contender>>,
): HoldoutProblem | undefined {
  const { positives, negatives } = classCounts(labels)
  const unknown = labels.length - positives - negatives
  if (unknown > 0) return { verdict: 'error', text: `${rows(unknown)} of the holdout have a label other than 0 and 1.` }
  for (const [name, { scores }] of Object.entries(contenders)) {
    const problem = scoresProblem(name, scores, labels.length)
    if (problem !== undefined) return { verdict: 'error', text: problem }
  }
  if (labels.length < LEAST_ROWS) {
    return {
      verdict: 'inconclusive',
      text: `The holdout has ${rows(labels.length)}; at least ${count(LEAST_ROWS)} are needed.`,
    }
  }
  if (Math.min(positives, negatives) < LEAST_ROWS_A_CLASS) {
    const found = `${count(positives)} positive and ${count(negatives)} negative rows`
    return {
      verdict: 'inconclusive',
      text: `The holdout has ${found}; at least ${LEAST_ROWS_A_CLASS} of each are needed.`,
    }
  }
  return undefined
}

/** Rows of each class. */
export function classCounts(labels: ArrayLike<number>): { readonly positives: number; readonly negatives: number } {
  let [positives, negatives] = [0, 0]
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === 1) positives++
    else if (labels[row] === 0) negatives++
  }
  return { positives, negatives }
}

function scoresProblem(name: string, scores: Float64Array, expected: number): string | undefined {
  if (scores.length !== expected) {
    return `The ${name} gave ${count(scores.length)} scores for ${rows(expected)} of the holdout.`
  }
  const odd = scores.reduce((found, score) => found + (Number.isFinite(score) ? 0 : 1), 0)
  return odd === 0 ? undefined : `The ${name} gave no finite score on ${rows(odd)} of the holdout.`
}
