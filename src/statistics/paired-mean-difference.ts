import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import { at, sum } from './at.js'
import { quantileOfSorted } from './quantile.js'
import { seededRandom } from './seeded-random.js'

/** Rows from which the normal approximation of a mean is trusted; below, the pairs are resampled. */
const NORMAL_FROM_ROWS = 1000

/** Mean of a − b over rows that both measured, with one-sided bounds. */
export interface PairedDifference {
  readonly difference: number
  readonly standardError: number
  /** The difference is above it with the asked confidence. */
  readonly lower: number
  /** The difference is below it with the asked confidence. */
  readonly upper: number
  readonly rows: number
  readonly method: 'normal' | 'bootstrap'
}

/** How the bounds are found. */
export interface PairedOptions {
  /** One-sided confidence of each bound. */
  readonly confidence: number
  /** Seed of the resampling; equal seeds give equal bounds. */
  readonly seed: number
  /** Resamples below 1,000 rows; 2,000 unless given. */
  readonly resamples?: number
  /**
   * The largest possible difference of one row, when differences are few-valued (right or wrong, costs). Half a pseudo-row
   * at +spread, half at −spread and one at 0 are then added: without them rows that never differ would prove equality.
   */
  readonly spread?: number
}

/**
 * The mean difference of paired values and its one-sided bounds: normal from 1,000 rows on, percentile bootstrap of the
 * pairs below, and the adjusted normal bound when `spread` is given.
 *
 * Sources: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), ch. 13; A. Agresti and Y. Min, Statistics
 * in Medicine 24 (2005) for the pseudo-rows, which with spread 1 are their half a row in each cell.
 *
 * @throws RangeError when the lengths differ or there is no row.
 */
export function pairedMeanDifference(a: Float64Array, b: Float64Array, options: PairedOptions): PairedDifference {
  if (a.length !== b.length || a.length === 0) {
    throw new RangeError(`Cannot compare pairs: expected as many values, found ${a.length} and ${b.length}.`)
  }
  const differences = a.map((value, row) => value - at(b, row))
  const isFewValued = options.spread !== undefined && options.spread > 0
  return isFewValued || differences.length >= NORMAL_FROM_ROWS
    ? normalBounds(differences, options)
    : bootstrapBounds(differences, options)
}

function normalBounds(differences: Float64Array, { confidence, spread = 0 }: PairedOptions): PairedDifference {
  const rows = differences.length
  const total = sum(differences)
  const adjustedRows = spread > 0 ? rows + 2 : rows
  const centre = total / adjustedRows
  let squares = spread > 0 ? spread ** 2 : 0
  for (const difference of differences) squares += difference ** 2
  const standardError = Math.sqrt(Math.max(0, squares / adjustedRows - centre ** 2) / adjustedRows)
  const reach = normalQuantile(confidence, 0, 1) * standardError
  return {
    difference: total / rows,
    standardError,
    lower: centre - reach,
    upper: centre + reach,
    rows,
    method: 'normal',
  }
}

function bootstrapBounds(differences: Float64Array, options: PairedOptions): PairedDifference {
  const rows = differences.length
  const random = seededRandom(options.seed)
  const means = new Float64Array(options.resamples ?? 2000).map(() => {
    let total = 0
    for (let draw = 0; draw < rows; draw++) total += at(differences, Math.floor(random() * rows))
    return total / rows
  })
  const difference = sum(differences) / rows
  const standardError = Math.sqrt(sum(differences.map((value) => (value - difference) ** 2))) / rows
  const sorted = means.sort()
  const lower = quantileOfSorted(sorted, 1 - options.confidence)
  const upper = quantileOfSorted(sorted, options.confidence)
  return { difference, standardError, lower, upper, rows, method: 'bootstrap' }
}
