import gammainc from '@stdlib/math-base-special-gammainc'

/**
 * Probability that a χ² variable exceeds `value`: the upper incomplete gamma function. One minus the distribution function
 * would be wrong in the tail, where tests live: below 1e-16 it is 0.
 */
export function chiSquareTail(value: number, degreesOfFreedom: number): number {
  return gammainc(value / 2, degreesOfFreedom / 2, true, true)
}
