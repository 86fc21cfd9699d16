import { binFinder } from './bin-cells.js'

/** Numbers by their index; null where one is missing. */
interface Numbers {
  getItem(index: number): number | null
}

/**
 * Counts numbers by bin, in the order in which they come: on it the last digits of the sums depend, which are therefore the
 * same for the same file.
 */
export class BinCounter {
  /** Numbers in each bin, and their sums: one bin more than edges. */
  readonly counts: Float64Array
  readonly sums: Float64Array
  missing = 0
  /** NaN and infinities. */
  notFinite = 0
  /** Infinite while there is no number. */
  min = Number.POSITIVE_INFINITY
  max = Number.NEGATIVE_INFINITY
  readonly #binOf: (x: number) => number

  /** `edges` increase strictly; a number that equals an edge is in the bin below it. */
  constructor(readonly edges: readonly number[]) {
    this.counts = new Float64Array(edges.length + 1)
    this.sums = new Float64Array(edges.length + 1)
    this.#binOf = binFinder(edges)
  }

  /** Counts the first `length` numbers, each once or as often as `times` says. */
  add(length: number, numbers: Numbers, times?: Numbers): void {
    const { counts, sums } = this
    const binOf = this.#binOf
    let { min, max } = this
    for (let index = 0; index < length; index++) {
      const x = numbers.getItem(index)
      const n = times === undefined ? 1 : (times.getItem(index) ?? 0)
      if (x === null) this.missing += n
      else if (!Number.isFinite(x)) this.notFinite += n
      else {
        const bin = binOf(x)
        counts[bin] = (counts[bin] ?? 0) + n
        sums[bin] = (sums[bin] ?? 0) + x * n
        if (x < min) min = x
        if (x > max) max = x
      }
    }
    this.min = min
    this.max = max
  }
}
