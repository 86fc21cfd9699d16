/** Drawing by a seed: the same draws in the same order everywhere. */
import { seededRandom } from '../../../src/statistics/seeded-random.js'

/** A source of draws. */
export interface Draw {
  /** An integer from 0 on, below the bound. */
  below(bound: number): number
  one<T>(list: readonly T[]): T
}

/** The draws of a seed. */
export function drawFrom(seed: number): Draw {
  const random = seededRandom(seed)
  const below = (bound: number) => Math.floor(random() * bound)
  return {
    below,
    one(list) {
      const found = list[below(list.length)]
      if (found === undefined) throw new RangeError('nothing to draw from')
      return found
    },
  }
}
