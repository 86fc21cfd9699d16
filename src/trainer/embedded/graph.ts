import {
  type AttributeMessage,
  type ColumnMessage,
  encodeModel,
  type NodeMessage,
  TENSOR_TYPE,
  type TensorMessage,
} from './onnx-schema.js'

/** Name of a value in the graph. */
export type Value = string

/** The operator sets in use: those of onnx 1.13, which onnxruntime reads since 2023. */
const OPSETS = [
  { domain: '', version: 18 },
  { domain: 'ai.onnx.ml', version: 3 },
] as const
const IR_VERSION = 8

/** How one value a row is laid out. */
export type Shape = 'column' | 'list'

type Attributes = Readonly<Record<string, number | readonly number[] | readonly string[]>>

/** Builds a graph operation by operation; what comes back names the result. */
export class Graph {
  readonly #nodes: NodeMessage[] = []
  readonly #constants: TensorMessage[] = []
  readonly #inputs: ColumnMessage[] = []
  readonly #outputs: ColumnMessage[] = []

  /** One value a row: `[rows, 1]` as a column, `[rows]` as a list. */
  input(name: string, type: keyof typeof TENSOR_TYPE, shape: Shape = 'column'): Value {
    this.#inputs.push(columnOf(name, TENSOR_TYPE[type], shape))
    return name
  }

  /** Gives a value, one float a row, out under this name. */
  output(name: string, value: Value, shape: Shape = 'column'): void {
    this.#nodes.push({ name, opType: 'Identity', domain: '', input: [value], output: [name], attribute: [] })
    this.#outputs.push(columnOf(name, TENSOR_TYPE.float, shape))
  }

  /** A constant: doubles, floats or whole numbers by the kind of array. */
  constant(values: Float64Array | Float32Array | BigInt64Array, dims: readonly number[]): Value {
    const name = `constant_${this.#constants.length}`
    const dataType =
      values instanceof Float64Array
        ? TENSOR_TYPE.double
        : values instanceof Float32Array
          ? TENSOR_TYPE.float
          : TENSOR_TYPE.int64
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    this.#constants.push({ name, dims, dataType, rawData })
    return name
  }

  /** An operation with one result. */
  node(operation: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    const output = `${operation}_${this.#nodes.length}`
    const domain = operation === 'LabelEncoder' ? 'ai.onnx.ml' : ''
    const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value))
    this.#nodes.push({ name: output, opType: operation, domain, input: inputs, output: [output], attribute })
    return output
  }

  /** The bytes of the model file. */
  encode(): Uint8Array {
    return encodeModel({
      irVersion: IR_VERSION,
      producerName: 'refit',
      opsetImport: OPSETS,
      graph: {
        name: 'refit',
        node: this.#nodes,
        initializer: this.#constants,
        input: this.#inputs,
        output: this.#outputs,
      },
    })
  }
}

function columnOf(name: string, elemType: number, shape: Shape): ColumnMessage {
  const rows = { dimParam: 'rows' }
  return {
    name,
    type: { tensorType: { elemType, shape: { dim: shape === 'column' ? [rows, { dimValue: 1 }] : [rows] } } },
  }
}

// Numbers of AttributeProto.AttributeType.
const INT = 2
const INTS = 7
const STRINGS = 8

function attributeOf(name: string, value: Attributes[string]): AttributeMessage {
  if (typeof value === 'number') return { name, type: INT, i: value }
  if (isNumbers(value)) return { name, type: INTS, ints: value }
  return { name, type: STRINGS, strings: value.map((text) => Buffer.from(String(text))) }
}

function isNumbers(values: readonly (number | string)[]): values is readonly number[] {
  return values.every((value) => typeof value === 'number')
}
