import { at } from './at.js'

/**
 * The quantile as an order statistic: the smallest value that at least the share `p` of the values does not exceed
 * (R type 1, the inverted distribution function). No interpolation, so the answer is one of the values.
 *
 * @throws RangeError without values or with `p` outside [0, 1].
 */
export function quantile(values: ArrayLike<number>, p: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), p)
}

/** As {@link quantile}, of values that are in ascending order already. */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0 || !(p >= 0 && p <= 1)) {
    throw new RangeError(`Cannot take quantile ${p} of ${sorted.length} values: expected a share in [0, 1] and values.`)
  }
  // 0.95 × 20 is 19.000000000000004 in doubles: a rank that exceeds an integer by rounding alone must not go up.
  const rank = Math.ceil(p * sorted.length * (1 - 1e-12))
  return at(sorted, Math.max(0, rank - 1))
}
