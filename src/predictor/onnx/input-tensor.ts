/** Columns as the tensors that a graph's inputs ask for. */
import { type InferenceSession, Tensor } from 'onnxruntime-node'
import type { FeatureColumn } from '../package.js'
import type { Batch, ColumnValues } from '../predictor.js'
import { failed } from './failed.js'

/** Makes the tensor of an input from the rows `from` to `to` of a batch. */
export type InputTensor = (batch: Batch, from: number, to: number) => Tensor

/**
 * How a feature is fed to its input: numbers as float, double, int32, int64 or bool, strings as strings. NaN and null
 * stand for missing; strings become empty then, and whole numbers cannot be missing. Throws when kind and type disagree.
 */
export function inputTensor(feature: FeatureColumn, metadata: InferenceSession.ValueMetadata | undefined): InputTensor {
  const { name, kind } = feature
  const type = metadata?.isTensor === true ? metadata.type : 'no tensor'
  const isColumn = metadata?.isTensor === true && metadata.shape.length !== 1
  const make = MAKERS[kind][type]
  if (make === undefined) {
    throw failed(`Cannot score: input "${name}" of the model is ${type}, which a ${kind} column does not fit.`)
  }
  return (batch, from, to) => {
    const column = columnOf(batch, feature)
    return make({ name, column, from, to, shape: isColumn ? [to - from, 1] : [to - from] })
  }
}

/** Some rows of a column. */
interface Slice {
  readonly name: string
  readonly column: ColumnValues
  readonly from: number
  readonly to: number
  readonly shape: readonly number[]
}

const MAKERS: Readonly<Record<FeatureColumn['kind'], Readonly<Record<string, (slice: Slice) => Tensor>>>> = {
  categorical: { string: (slice) => new Tensor('string', strings(slice), slice.shape) },
  numeric: {
    float64: (slice) => new Tensor('float64', numbers(slice), slice.shape),
    float32: (slice) => new Tensor('float32', Float32Array.from(numbers(slice)), slice.shape),
    int32: (slice) => new Tensor('int32', Int32Array.from(wholeNumbers(slice)), slice.shape),
    int64: (slice) => new Tensor('int64', BigInt64Array.from(wholeNumbers(slice), BigInt), slice.shape),
    bool: (slice) => new Tensor('bool', Uint8Array.from(wholeNumbers(slice), Number), slice.shape),
  },
}

function columnOf(batch: Batch, { name, kind }: FeatureColumn): ColumnValues {
  const column = batch.columns[name]
  const found =
    column === undefined
      ? 'the rows do not have it'
      : column.kind !== kind
        ? `the rows have ${column.kind} values`
        : column.values.length !== batch.rows
          ? `it has ${column.values.length} values for ${batch.rows} rows`
          : undefined
  if (column !== undefined && found === undefined) return column
  throw failed(`Cannot score: the model expects a ${kind} column "${name}", but ${found}.`)
}

function strings({ column, from, to }: Slice): string[] {
  return column.kind === 'categorical' ? column.values.slice(from, to).map((value) => value ?? '') : []
}

function numbers({ column, from, to }: Slice): Float64Array {
  return column.kind === 'numeric' ? column.values.slice(from, to) : new Float64Array()
}

function wholeNumbers(slice: Slice): Float64Array {
  const values = numbers(slice)
  const wrong = values.findIndex((value) => !Number.isInteger(value))
  if (wrong < 0) return values
  const text = `Cannot score: input "${slice.name}" of the model takes whole numbers, but row ${slice.from + wrong}`
  throw failed(`${text} has ${values[wrong]}. Export the model with a float input, or fill the column in the spec.`)
}
