/** Where scores stand among sorted scores. */
import { at } from './at.js'

/** For each score the share of `others` that is below it, ties as one half. */
export function placements(scores: Float64Array, others: Float64Array): Float64Array {
  return scores.map((score) => (firstNotBelow(others, score) + firstAbove(others, score)) / (2 * others.length))
}

/** Rank of the first of the ascending scores that is not below `score`; the length when all are. */
export function firstNotBelow(sorted: Float64Array, score: number): number {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if (at(sorted, middle) < score) from = middle + 1
    else to = middle
  }
  return from
}

function firstAbove(sorted: Float64Array, score: number): number {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if (at(sorted, middle) <= score) from = middle + 1
    else to = middle
  }
  return from
}
