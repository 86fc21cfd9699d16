import { at, sum } from './at.js'
import type { NumericProfile } from './profile.js'

/**
 * First Wasserstein (earth mover's) distance of two profiles of one column, in the unit of the column: ∫ |F − G| dx.
 *
 * Within a bin all rows of a side are taken to sit at their mean, which the profile knows exactly. So the distance is never
 * below the difference of the means, and a pure shift is measured exactly. Missing values are left out.
 *
 * Source: S. Vallender, Theory of Probability and its Applications 18 (1974).
 *
 * @throws RangeError when the profiles have different bins or one has no finite value.
 */
export function wasserstein1(reference: NumericProfile, live: NumericProfile): number {
  if (reference.counts.length !== live.counts.length) throw new RangeError('Cannot compare profiles of different bins.')
  const steps = [...stepsOf(reference, 1), ...stepsOf(live, -1)].sort((a, b) => a.at - b.at)
  let [distance, difference, previous] = [0, 0, steps[0]?.at ?? 0]
  for (const step of steps) {
    distance += Math.abs(difference) * (step.at - previous)
    difference += step.share
    previous = step.at
  }
  return distance
}

/** Where the distribution function rises, and by how much. */
interface Step {
  readonly at: number
  readonly share: number
}

function stepsOf({ counts, sums }: NumericProfile, sign: 1 | -1): readonly Step[] {
  const rows = sum(counts)
  if (rows <= 0) throw new RangeError('Cannot compare profiles: one side has no finite value.')
  return counts.flatMap((count, bin) =>
    count > 0 ? [{ at: at(sums, bin) / count, share: (sign * count) / rows }] : [],
  )
}
