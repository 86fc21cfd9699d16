import { at, sum } from './at.js'
import type { NumericProfile } from './profile.js'

/** Two sets of counts on the same groups. */
export interface GroupedCounts {
  readonly reference: readonly number[]
  readonly live: readonly number[]
}

/**
 * Counts of two profiles of one column on the deciles of the reference; missing values (null, NaN, infinite) are the last
 * group. Groups that are empty on both sides are left out.
 *
 * Fewer than ten groups remain where single values hold more than a decile. Why reference deciles: equal-width bins are
 * blind on skewed columns.
 *
 * @throws RangeError when the profiles were counted on different edges.
 */
export function decileCounts(reference: NumericProfile, live: NumericProfile): GroupedCounts {
  const deciles = groupByReference(reference.counts, live.counts, 10)
  return withoutEmpty({
    reference: [...deciles.reference, reference.nulls + reference.notFinite],
    live: [...deciles.live, live.nulls + live.notFinite],
  })
}

/**
 * Adjacent bins put together so that each group holds about 1/`groups` of the reference, as exactly as the bins allow.
 *
 * Bins below the first and above the last reference row are groups of their own: else a reference that is constant, or
 * ends in a heavy value, would hide rows that moved outside of it.
 */
export function groupByReference(reference: readonly number[], live: readonly number[], groups: number): GroupedCounts {
  if (reference.length !== live.length) {
    throw new RangeError(`Cannot compare counts: expected as many bins, found ${reference.length} and ${live.length}.`)
  }
  const rows = sum(reference)
  const grouped = { reference: [0], live: [0] }
  let before = 0
  for (const [bin, count] of reference.entries()) {
    grouped.reference.push(count + (grouped.reference.pop() ?? 0))
    grouped.live.push(at(live, bin) + (grouped.live.pop() ?? 0))
    const after = before + count
    const startsInside = before === 0 && after === 0 && at(reference, bin + 1) > 0
    if (startsInside || Math.floor((groups * after) / rows) > Math.floor((groups * before) / rows)) {
      grouped.reference.push(0)
      grouped.live.push(0)
    }
    before = after
  }
  return withoutEmpty(grouped)
}

function withoutEmpty({ reference, live }: GroupedCounts): GroupedCounts {
  const isUsed = (_: number, group: number) => at(reference, group) + at(live, group) > 0
  return { reference: reference.filter(isUsed), live: live.filter(isUsed) }
}
