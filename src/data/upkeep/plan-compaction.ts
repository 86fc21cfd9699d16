/** Which partitions to merge. Pure: the same partitions give the same plan, in the order of the log. */

import { DAY_MS } from '../dataset/day.js'
import { type Partition, spanOf } from '../dataset/partition.js'

/** What a merged partition should be like. */
export interface CompactionGoal {
  /** Size of a merged partition in bytes, at most. */
  readonly targetBytes: number
  /** Days of event time that one may span, at most: rows that grow too old are dropped by whole partitions. */
  readonly maxSpanDays?: number | undefined
}

/** From half of the goal on, a partition is left as it is. */
const LARGE_SHARE = 0.5
/** One partition of a run may be so many times as large as the others together: else it is written again for too little. */
const MOST_UNEVEN = 4

/** Runs of adjacent small partitions that fit into one, two at least each. */
export function planCompaction(
  partitions: readonly Partition[],
  goal: CompactionGoal,
): readonly (readonly Partition[])[] {
  const runs: Partition[][] = [[]]
  for (const partition of partitions) {
    const run = runs.at(-1) ?? []
    if (partition.object.bytes >= goal.targetBytes * LARGE_SHARE) runs.push([])
    else if (fits([...run, partition], goal)) run.push(partition)
    else runs.push([partition])
  }
  return runs.map(withoutUneven).filter(({ length }) => length > 1)
}

function fits(run: readonly Partition[], { targetBytes, maxSpanDays }: CompactionGoal): boolean {
  if (run.length === 1) return true
  const { from, to } = spanOf(run.flatMap(({ pieces }) => pieces))
  const spanDays = from === null || to === null ? 0 : (Date.parse(to) - Date.parse(from)) / DAY_MS
  return bytesOf(run) <= targetBytes && spanDays <= (maxSpanDays ?? Number.POSITIVE_INFINITY)
}

/** Leaves out the first one where it was merged before and little came since. */
function withoutUneven(run: readonly Partition[]): readonly Partition[] {
  const [first, ...others] = run
  return first !== undefined && first.object.bytes > MOST_UNEVEN * bytesOf(others) ? withoutUneven(others) : run
}

const bytesOf = (partitions: readonly Partition[]): number =>
  partitions.reduce((sum, { object }) => sum + object.bytes, 0)
