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

/** The gradient of a batch by its inputs. */
export interface InputGradient {
  readonly gradient: Float32Array
  /** Inputs a row. */
  readonly width: number
  readonly step: number
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

  /** Writes the inputs of rows of data: the embeddings of their features, then their numbers. A row has `width` inputs. */
  gather(data: EncodedRows, rows: Uint32Array, inputs: Float32Array, width: number): void {
    const { size, values } = this
    const { ids, numbers } = data
    const features = ids.length / data.rows
    const numberCount = numbers.length / data.rows
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index] ?? 0
      let at = index * width
      for (let feature = row * features; feature < (row + 1) * features; feature++) {
        const from = (ids[feature] ?? 0) * size
        for (let cell = from; cell < from + size; cell++) inputs[at++] = values[cell] ?? 0
      }
      for (let number = row * numberCount; number < (row + 1) * numberCount; number++)
        inputs[at++] = numbers[number] ?? 0
    }
  }

  /** Adds up the gradient of the inputs of rows of data. `step` tells batches apart. */
  collect(data: EncodedRows, rows: Uint32Array, { gradient, width, step }: InputGradient): void {
    const { size } = this
    const sums = this.#gradient
    const metAt = this.#metAt
    const { ids } = data
    const features = ids.length / data.rows
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index] ?? 0
      let at = index * width
      for (let feature = row * features; feature < (row + 1) * features; feature++) {
        const id = ids[feature] ?? 0
        if (metAt[id] !== step) this.#meet(id, step)
        for (let cell = id * size; cell < (id + 1) * size; cell++)
          sums[cell] = (sums[cell] ?? 0) + (gradient[at++] ?? 0)
      }
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
