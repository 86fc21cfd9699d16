/** The model as an ONNX graph that takes raw columns: encoding, scaling and missing values are part of it. */
import type { FeatureColumn } from '../../predictor/package.js'
import { MOST_DEVIATIONS } from './encode.js'
import { type EmbeddedFeature, type Encoding, MISSING_ROW, RESERVED_ROWS, rowsOf, UNKNOWN_ROW } from './encoding.js'
import { Graph, type Value } from './graph.js'
import { TENSOR_TYPE } from './onnx-schema.js'
import { inputWidth, type Weights } from './weights.js'
import type { TrainedModel } from './weights-file.js'

/** Name of the output, the score of the positive class, `[rows, 1]`. */
export const SCORE = 'score'

/**
 * The bytes of the graph. Each feature is an input `[rows, 1]`: double for numeric ones, NaN for missing; string for
 * categorical ones, the empty string for missing.
 */
export function exportOnnx({ encoding, weights }: TrainedModel, features: readonly FeatureColumn[]): Uint8Array {
  const graph = new Graph()
  const inputs = new Map(
    features.map(({ name, kind }) => [name, graph.input(name, kind === 'numeric' ? 'double' : 'string')]),
  )
  const inputOf = (name: string): Value => inputs.get(name) ?? name
  const parts = [...embed(graph, encoding, weights, inputOf), ...scale(graph, encoding, inputOf)]
  const first = parts.length === 1 ? parts.join() : graph.node('Concat', parts, { axis: 1 })
  graph.output(SCORE, graph.node('Sigmoid', [layers(graph, first, encoding, weights)]))
  return graph.encode()
}

function embed(graph: Graph, encoding: Encoding, weights: Weights, inputOf: (name: string) => Value): Value[] {
  const { embedded } = encoding
  if (embedded.length === 0) return []
  let firstRow = 0
  const ids = embedded.map((feature) => {
    const id = lookUp(graph, feature, inputOf(feature.name), firstRow)
    firstRow += rowsOf(feature)
    return id
  })
  const size = weights.embeddingSize
  const table = graph.constant(weights.embedding, [firstRow, size])
  const looked = graph.node('Gather', [table, graph.node('Concat', ids, { axis: 1 })], { axis: 0 })
  // 0 keeps the number of rows.
  const shape = graph.constant(BigInt64Array.of(0n, BigInt(embedded.length * size)), [2])
  return [graph.node('Reshape', [looked, shape])]
}

/** Row of the embedding table, `[rows, 1]`. */
function lookUp(graph: Graph, { kind, values }: EmbeddedFeature, input: Value, firstRow: number): Value {
  const rows = values.map((_, index) => firstRow + RESERVED_ROWS + index)
  const missing = firstRow + MISSING_ROW
  const unknown = firstRow + UNKNOWN_ROW
  if (kind === 'categorical') {
    return graph.node('LabelEncoder', [input], {
      keys_strings: [...values.map(String), ''],
      values_int64s: [...rows, missing],
      default_int64: unknown,
    })
  }
  const { isMissing, known } = splitMissing(graph, input)
  // With no known value the encoder still needs a key; it maps to the row it would have had anyway.
  const [keys, ids] = values.length === 0 ? [[0], [unknown]] : [values.map(Number), rows]
  const whole = graph.node('Cast', [known], { to: TENSOR_TYPE.int64 })
  const found = graph.node('LabelEncoder', [whole], { keys_int64s: keys, values_int64s: ids, default_int64: unknown })
  return graph.node('Where', [isMissing, graph.constant(BigInt64Array.of(BigInt(missing)), [1]), found])
}

/** Scaled value and missing mark of each numeric feature. */
function scale(graph: Graph, { scaled }: Encoding, inputOf: (name: string) => Value): Value[] {
  const double = (value: number) => graph.constant(Float64Array.of(value), [])
  return scaled.flatMap(({ name, mean, deviation }) => {
    const { isMissing, known } = splitMissing(graph, inputOf(name))
    const centred = graph.node('Div', [graph.node('Sub', [known, double(mean)]), double(deviation)])
    const cut = graph.node('Clip', [centred, double(-MOST_DEVIATIONS), double(MOST_DEVIATIONS)])
    const filled = graph.node('Where', [isMissing, double(0), cut])
    return [filled, isMissing].map((value) => graph.node('Cast', [value], { to: TENSOR_TYPE.float }))
  })
}

/** NaN and infinite values are missing; 0 stands in for them, so that nothing behind it has to compute with them. */
function splitMissing(graph: Graph, input: Value): { readonly isMissing: Value; readonly known: Value } {
  // A number minus itself is zero, unless it is infinite or NaN: then it is NaN.
  const isMissing = graph.node('IsNaN', [graph.node('Sub', [input, input])])
  return { isMissing, known: graph.node('Where', [isMissing, graph.constant(Float64Array.of(0), []), input]) }
}

function layers(graph: Graph, input: Value, encoding: Encoding, { layers: all, embeddingSize }: Weights): Value {
  return all.reduce((value, { inputs, outputs, weight, bias }, index) => {
    // The first layer was trained with zeros behind its inputs, see `paddedWidth`; the graph does without.
    const used = index === 0 ? inputWidth(encoding, embeddingSize) : inputs
    const matrix = graph.constant(weight.slice(0, used * outputs), [used, outputs])
    const product = graph.node('MatMul', [value, matrix])
    const sum = graph.node('Add', [product, graph.constant(bias, [outputs])])
    return index < all.length - 1 ? graph.node('Relu', [sum]) : sum
  }, input)
}
