/** The network as a whole: the embedding table in front, the dense layers behind it. */
import { adamAt, EmbeddingTable } from './embedding.js'
import type { EncodedRows } from './encode.js'
import { createNetwork, type Moments } from './network.js'
import type { Weights } from './weights.js'

/** What a model is made from; without moments, training begins. */
export interface ModelStart {
  readonly weights: Weights
  readonly moments?: Moments
  readonly embeddingMean?: Float32Array
  readonly embeddingSquare?: Float32Array
  /** Rows of a step. */
  readonly batchRows: number
  /** `embeddings` and names of layers. */
  readonly trainable: readonly string[]
}

/** A model that can be trained and asked. */
export interface Model {
  /** Trains on these rows, at most a batch. `step` counts from 1. Gives the mean log loss before the step. */
  train(data: EncodedRows, rows: Uint32Array, step: number, rate: number): number
  /** Logits of the first rows, all unless `count` says how many. */
  logits(data: EncodedRows, count?: number): Float32Array
  /** Copies of the weights and moments as they are now. */
  state(): {
    readonly weights: Weights
    readonly moments: Moments
    readonly embeddingMean: Float32Array
    readonly embeddingSquare: Float32Array
  }
}

/** Makes a model. The weights given are copied. */
export function createModel(start: ModelStart): Model {
  const { weights, batchRows } = start
  const { embeddingSize, layers } = weights
  const width = layers[0]?.inputs ?? 0
  const trainsEmbeddings = start.trainable.includes('embeddings')
  const network = createNetwork({
    layers,
    batchRows,
    trainable: start.trainable,
    ...(start.moments === undefined ? {} : { moments: start.moments }),
  })
  const table = new EmbeddingTable(
    embeddingSize,
    weights.embedding.slice(),
    start.embeddingMean?.slice(),
    start.embeddingSquare?.slice(),
  )
  const gather = (data: EncodedRows, rows: Uint32Array) => {
    const inputs = new Float32Array(batchRows * width)
    table.gather(data, rows, inputs, width)
    return inputs
  }
  return {
    train(data, rows, step, rate) {
      const label = new Float32Array(batchRows)
      const weight = new Float32Array(batchRows)
      rows.forEach((row, index) => {
        label[index] = data.label[row] ?? 0
        weight[index] = data.weight[row] ?? 0
      })
      const adam = adamAt(step, rate)
      const { loss, inputGradient } = network.step({ inputs: gather(data, rows), label, weight }, adam)
      if (!trainsEmbeddings) return loss
      table.collect(data, rows, { gradient: inputGradient, width, step })
      table.learn(adam)
      return loss
    },
    logits(data, count = data.rows) {
      const all = new Float32Array(count)
      for (let from = 0; from < count; from += batchRows) {
        const rows = Uint32Array.from({ length: Math.min(batchRows, count - from) }, (_, index) => from + index)
        all.set(network.logits(gather(data, rows)).subarray(0, rows.length), from)
      }
      return all
    },
    state: () => ({
      weights: { embeddingSize, embedding: table.values.slice(), layers: network.layers() },
      moments: network.moments(),
      embeddingMean: table.mean.slice(),
      embeddingSquare: table.square.slice(),
    }),
  }
}
