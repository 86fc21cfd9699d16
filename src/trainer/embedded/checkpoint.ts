/** A checkpoint: everything that decides how a training goes on, in one file. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { packArrays, unpackArrays } from './array-file.js'
import type { Moments } from './network.js'
import type { Weights } from './weights.js'
import { weightArrays, weightsFrom } from './weights-file.js'

const Position = z.strictObject({
  /** Steps done; epoch and place in the shuffled rows follow from it. */
  step: z.number().int().nonnegative(),
  /** Sum of the losses of the steps in this epoch. */
  lossSum: z.number(),
  bestLoss: z.number().nullable(),
  bestEpoch: z.number().int(),
  epochsWithoutGain: z.number().int(),
})
/** Where a training is. */
export type Position = Readonly<z.infer<typeof Position>>

/** A training between two steps. */
export interface TrainingState {
  readonly position: Position
  readonly weights: Weights
  readonly moments: Moments
  readonly embeddingMean: Float32Array
  readonly embeddingSquare: Float32Array
  /** Weights of the epoch with the lowest validation loss so far; none before the first epoch ended. */
  readonly best?: Weights
}

const Header = z.strictObject({ job: z.string(), position: Position, hasBest: z.boolean() })

/** Writes checkpoints of one job, each a file of its own; the one before it is removed once the next is safe. */
export class CheckpointFolder {
  #previous: string | undefined

  /** `job` is a digest of everything that the training depends on. */
  constructor(
    readonly folder: string,
    readonly job: string,
  ) {}

  /** Writes the file whole or not at all, and gives its path. */
  async write(state: TrainingState): Promise<string> {
    const file = join(this.folder, `step-${String(state.position.step).padStart(9, '0')}.checkpoint`)
    await writeFile(`${file}.part`, packState(state, this.job))
    await rename(`${file}.part`, file)
    return file
  }

  /** Says that this file was made durable. */
  async saved(file: string): Promise<void> {
    if (this.#previous !== undefined && this.#previous !== file) await rm(this.#previous, { force: true })
    this.#previous = file
  }

  /**
   * Reads a checkpoint. `undefined` when it cannot be read or belongs to another job: then training starts anew, which
   * costs time and nothing else. `like` has the shape of the weights.
   */
  async read(file: string, like: Weights): Promise<TrainingState | undefined> {
    try {
      return unpackState(await readFile(file), this.job, like)
    } catch {
      // Whatever is wrong with the file, the way out is the same; the summary says that training began anew.
      return undefined
    }
  }
}

function packState(state: TrainingState, job: string): Uint8Array {
  const { weights, moments, best } = state
  return packArrays({
    header: { job, position: state.position, hasBest: best !== undefined },
    arrays: {
      ...weightArrays(weights),
      embeddingMean: state.embeddingMean,
      embeddingSquare: state.embeddingSquare,
      ...numbered('mean', moments.mean),
      ...numbered('square', moments.square),
      ...(best === undefined ? {} : prefixed('best ', weightArrays(best))),
    },
  })
}

function unpackState(bytes: Uint8Array, job: string, like: Weights): TrainingState | undefined {
  const { header, arrays } = unpackArrays(bytes)
  const parsed = Header.parse(header)
  const { embeddingMean, embeddingSquare } = arrays
  if (parsed.job !== job || embeddingMean === undefined || embeddingSquare === undefined) return undefined
  const count = 2 * like.layers.length
  return {
    position: parsed.position,
    weights: weightsFrom(like, arrays),
    moments: { mean: listed('mean', arrays, count), square: listed('square', arrays, count) },
    embeddingMean,
    embeddingSquare,
    ...(parsed.hasBest ? { best: weightsFrom(like, unprefixed('best ', arrays)) } : {}),
  }
}

type Arrays = Readonly<Record<string, Float32Array>>

function numbered(name: string, list: readonly Float32Array[]): Arrays {
  return Object.fromEntries(list.map((values, index) => [`${name} ${index}`, values]))
}

function listed(name: string, arrays: Arrays, count: number): Float32Array[] {
  return Array.from({ length: count }, (_, index) => {
    const values = arrays[`${name} ${index}`]
    if (values === undefined) throw new Error(`"${name} ${index}" is missing`)
    return values
  })
}

function prefixed(prefix: string, arrays: Arrays): Arrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, values]) => [prefix + name, values]))
}

function unprefixed(prefix: string, arrays: Arrays): Arrays {
  const own = Object.entries(arrays).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(own.map(([name, values]) => [name.slice(prefix.length), values]))
}
