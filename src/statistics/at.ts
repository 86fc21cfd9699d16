/** The number at an index that the caller knows to exist; NaN past the end, so that a mistake is never a silent zero. */
export function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? Number.NaN
}

/** Sum of the numbers, 0 for none. */
export function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
