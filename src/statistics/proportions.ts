import normalCdf from '@stdlib/stats-base-dists-normal-cdf'
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'

/** Successes among rows. */
export interface Proportion {
  readonly successes: number
  readonly rows: number
}

/**
 * Pooled two-proportion z-test of b against a: z is positive when b's share is larger; the p-value is two-sided. z is 0
 * when both shares are 0 or both are 1.
 *
 * Source: any textbook; equals the square root of Pearson's χ² on the 2×2 table.
 */
export function twoProportionZ(a: Proportion, b: Proportion): { readonly z: number; readonly pValue: number } {
  const pooled = (a.successes + b.successes) / (a.rows + b.rows)
  const standardError = Math.sqrt(pooled * (1 - pooled) * (1 / a.rows + 1 / b.rows))
  const z = standardError > 0 ? (b.successes / b.rows - a.successes / a.rows) / standardError : 0
  return { z, pValue: 2 * normalCdf(-Math.abs(z), 0, 1) }
}

/**
 * Two-sided Wilson score interval of a proportion. Source: E. B. Wilson, Journal of the American Statistical Association
 * 22 (1927). It stays inside [0, 1] and works at 0 and at all successes.
 */
export function wilsonInterval(
  { successes, rows }: Proportion,
  confidence = 0.95,
): { readonly lower: number; readonly upper: number } {
  const z = normalQuantile(0.5 + confidence / 2, 0, 1)
  const share = successes / rows
  const centre = (share + (z * z) / (2 * rows)) / (1 + (z * z) / rows)
  const half = (z / (1 + (z * z) / rows)) * Math.sqrt((share * (1 - share)) / rows + (z * z) / (4 * rows * rows))
  // At the ends centre and half are equal but for rounding.
  return { lower: successes === 0 ? 0 : centre - half, upper: successes === rows ? 1 : centre + half }
}
