import type { EncodedRows } from './encode.js'

const DECAY = 0.9
const SQUARE_DECAY = 0.999
const EPSILON = 1e-8

/** Moments of Adam and the step it is at. */
export interface Adam {
  readonly rate: number
  /** Corrections for moments that began at zero, `1 / (1 - decay^step)`. */
  readonly correction: number
  readonly squareCorrection: number
}

/** Adam's factors at a step, counted from 1. */
export function adamAt(step: number, rate: number): Adam {
  return { rate, correction: 1 / (1 - DECAY ** step), squareCorrection: 1 / (1 - SQUARE_DECAY ** step) }
}

/**
 * The embedding table, looked up and trained outside of jax-js: its scatter, the gradient of a lookup, took ten times
 * longer than all of the network (measured at 16,384 lookups a step). Adam is lazy: a step moves the rows that it met,
 * and only those, so that rare values keep their moments.
 */
export class EmbeddingTable {
  readonly #gradient: Float32Array
  /** Step at which a row was met last. */
  readonly #metAt: Int32Array
  readonly #met: number[] = []

  /** Trains `values` and the moments in place. */
  constructor(
    readonly size: number,
    readonly values: Float32Array,
    readonly mean = new Float32Array(values.length),
    readonly square = new Float32Array(values.length),
  ) {
    this.#gradient = new Float32Array(values.length)
    this.#metAt = new Int32Array(size === 0 ? 0 : values.length / size)
  }

  /** Writes the inputs of one row of data at `to`: the embeddings of its features, then its numbers. */
  gather(data: EncodedRows, row: number, inputs: Float32Array, to: number): void {
    const { size, values } = this
    const features = data.ids.length / data.rows
    const numbers = data.numbers.length / data.rows
    let at = to
    for (let id = row * features; id < (row + 1) * features; id++) {
      const from = (data.ids[id] ?? 0) * size
      for (let index = from; index < from + size; index++) inputs[at++] = values[index] ?? 0
    }
    for (let number = row * numbers; number < (row + 1) * numbers; number++) inputs[at++] = data.numbers[number] ?? 0
  }

  /** Adds the gradient of one row's inputs, found at `from`. `step` tells batches apart. */
  collect(data: EncodedRows, row: number, gradient: Float32Array, from: number, step: number): void {
    const { size } = this
    const features = data.ids.length / data.rows
    let at = from
    for (let index = row * features; index < (row + 1) * features; index++) {
      const id = data.ids[index] ?? 0
      if (this.#metAt[id] !== step) this.#meet(id, step)
      const sum = this.#gradient
      for (let cell = id * size; cell < (id + 1) * size; cell++) sum[cell] = (sum[cell] ?? 0) + (gradient[at++] ?? 0)
    }
  }

  /** Moves the rows that were met since the last call. */
  learn({ rate, correction, squareCorrection }: Adam): void {
    const { size, values, mean, square } = this
    for (const id of this.#met) {
      for (let cell = id * size; cell < (id + 1) * size; cell++) {
        const slope = this.#gradient[cell] ?? 0
        const first = DECAY * (mean[cell] ?? 0) + (1 - DECAY) * slope
        const second = SQUARE_DECAY * (square[cell] ?? 0) + (1 - SQUARE_DECAY) * slope * slope
        mean[cell] = first
        square[cell] = second
        const move = (first * correction) / (Math.sqrt(second * squareCorrection) + EPSILON)
        values[cell] = (values[cell] ?? 0) - rate * move
      }
    }
    this.#met.length = 0
  }

  #meet(id: number, step: number): void {
    this.#metAt[id] = step
    this.#met.push(id)
    this.#gradient.fill(0, id * this.size, (id + 1) * this.size)
  }
}
