/** The weights of the network: what training changes and the package keeps. */
import { type Encoding, RESERVED_ROWS, rowsOf, UNKNOWN_ROW } from './encoding.js'
import { normalFrom, seededRandom } from './random.js'

/** A fully connected layer. */
export interface Layer {
  /** `hidden1`, …, `head`. */
  readonly name: string
  readonly inputs: number
  readonly outputs: number
  /** Row by row: `inputs` rows of `outputs` numbers. */
  readonly weight: Float32Array
  readonly bias: Float32Array
}

/** All weights: the embedding table, one row a value, and the layers up to the head with its one output, the logit. */
export interface Weights {
  readonly embeddingSize: number
  readonly embedding: Float32Array
  readonly layers: readonly Layer[]
}

/** Stream of the generator that weights are drawn from; epochs use the streams from 1 on. */
const WEIGHTS_STREAM = 0
/** Small, so that no value of a feature decides before something was learned. */
const EMBEDDING_DEVIATION = 0.05

/** Numbers that enter the first layer: embeddings, then scaled numbers with their missing marks. */
export function inputWidth(encoding: Encoding, embeddingSize: number): number {
  return encoding.embedded.length * embeddingSize + 2 * encoding.scaled.length
}

/** The same with zeros added up to a multiple of four: see `parameters.ts`. */
export function paddedWidth(encoding: Encoding, embeddingSize: number): number {
  return 4 * Math.ceil(inputWidth(encoding, embeddingSize) / 4)
}

/** Weights to begin a full training with: He's initialisation, and a head that says the share of positives. */
export function initialWeights(
  encoding: Encoding,
  shape: { readonly hidden: readonly number[]; readonly embeddingSize: number },
  start: { readonly seed: number; readonly positiveShare: number },
): Weights {
  const normal = normalFrom(seededRandom(start.seed, WEIGHTS_STREAM))
  const draw = (count: number, deviation: number) => Float32Array.from({ length: count }, () => normal() * deviation)
  const { embeddingSize } = shape
  const rows = encoding.embedded.reduce((sum, feature) => sum + rowsOf(feature), 0)
  const embedding = draw(rows * embeddingSize, EMBEDDING_DEVIATION)
  clearReservedRows(embedding, encoding, embeddingSize)
  const sizes = [...shape.hidden, 1]
  const layers = sizes.map((outputs, index) => {
    const inputs = sizes[index - 1] ?? paddedWidth(encoding, embeddingSize)
    const isHead = index === sizes.length - 1
    const weight = draw(inputs * outputs, Math.sqrt((isHead ? 1 : 2) / inputs))
    const bias = new Float32Array(outputs).fill(isHead ? Math.log(start.positiveShare / (1 - start.positiveShare)) : 0)
    return { name: isHead ? 'head' : `hidden${index + 1}`, inputs, outputs, weight, bias }
  })
  return { embeddingSize, embedding, layers }
}

/** Weights of `base` for an encoding that extends it: a new value starts where unknown values are. */
export function extendWeights(base: Weights, from: Encoding, to: Encoding): Weights {
  const size = base.embeddingSize
  const embedding = new Float32Array(to.embedded.reduce((sum, feature) => sum + rowsOf(feature), 0) * size)
  let read = 0
  let write = 0
  to.embedded.forEach((feature, position) => {
    const known = from.embedded[position]
    const old = base.embedding.subarray(read, read + (known === undefined ? 0 : rowsOf(known)) * size)
    embedding.set(old, write)
    const end = write + rowsOf(feature) * size
    const unknown = old.subarray(UNKNOWN_ROW * size, (UNKNOWN_ROW + 1) * size)
    for (let at = write + old.length; at < end; at += size) embedding.set(unknown, at)
    read += old.length
    write = end
  })
  return { ...base, embedding }
}

/** Missing and unknown begin at zero, between all values: rows that training never met say nothing. */
function clearReservedRows(embedding: Float32Array, encoding: Encoding, size: number): void {
  let firstRow = 0
  for (const feature of encoding.embedded) {
    embedding.fill(0, firstRow * size, (firstRow + RESERVED_ROWS) * size)
    firstRow += rowsOf(feature)
  }
}
