/** The dense part of the network on jax-js: hidden layers with ReLU and a head whose output is the logit. */
import { jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax'
import type { Adam } from './embedding.js'
import type { Layer } from './weights.js'

/** Weight and bias of each layer, the head last: `[w1, b1, w2, b2, …]`. */
type Parameters = np.Array[]

/** Moments of Adam, laid out as the layers. */
export interface Moments {
  readonly mean: readonly Float32Array[]
  readonly square: readonly Float32Array[]
}

/** Numbers that a network takes over: it may read them later, so nobody writes to them again. */
export type Given = Float32Array<ArrayBuffer>

/** The labelled inputs of one step. Rows with weight 0 fill it up and change nothing. */
export interface NetworkBatch {
  readonly inputs: Given
  readonly label: Given
  readonly weight: Given
}

/** A network that can be trained. All batches have the same number of rows, so that all is compiled once. */
export interface Network {
  /** One step of Adam on the weighted log loss. Gives the loss and its gradient by the inputs. */
  step(batch: NetworkBatch, adam: Adam): { readonly loss: number; readonly inputGradient: Float32Array }
  /** Logits of a batch of inputs. */
  logits(inputs: Given): Float32Array
  /** The layers as they are now. */
  layers(): readonly Layer[]
  /** The moments as they are now. */
  moments(): Moments
}

/** What a network is made from. */
export interface NetworkStart {
  readonly layers: readonly Layer[]
  readonly moments?: Moments
  /** Rows of every batch. */
  readonly batchRows: number
  /** Names of the layers that a step may change. */
  readonly trainable: readonly string[]
}

/** Makes a network on jax-js, compiled for the wasm device, which is the one that Node has. */
export function createNetwork({ layers, moments, batchRows, trainable }: NetworkStart): Network {
  const width = layers[0]?.inputs ?? 0
  const isTrained = layers.flatMap(({ name }) => [trainable.includes(name), trainable.includes(name)])
  const step = jit(stepOf(isTrained))
  const forward = jit(logitsOf)
  const shapes = layers.flatMap(({ inputs, outputs }) => [[inputs, outputs], [outputs]])
  const toDevice = (arrays: readonly Float32Array[]) =>
    arrays.map((values, index) => np.array(new Float32Array(values)).reshape(shapes[index] ?? []))
  const zeros = () => shapes.map((shape) => np.zeros(shape))
  let parameters = toDevice(layers.flatMap(({ weight, bias }) => [weight, bias]))
  let mean = moments === undefined ? zeros() : toDevice(moments.mean)
  let square = moments === undefined ? zeros() : toDevice(moments.square)
  const inputsOf = (values: Given) => np.array(values).reshape([batchRows, width])
  return {
    step({ inputs, label, weight }, { rate, correction, squareCorrection }) {
      const data = [inputsOf(inputs), np.array(label), np.array(sharesOf(weight))]
      const factors = [np.array(rate), np.array(correction), np.array(squareCorrection)]
      const [loss, gradient, ...state] = step(parameters, mean, square, data, factors)
      if (loss === undefined || gradient === undefined) throw new TypeError('A step gives a loss and a gradient.')
      parameters = state.slice(0, shapes.length)
      mean = state.slice(shapes.length, 2 * shapes.length)
      square = state.slice(2 * shapes.length)
      return { loss: loss.item(), inputGradient: floats(gradient) }
    },
    logits: (inputs) => floats(forward(tree.ref(parameters), inputsOf(inputs))),
    layers() {
      const values = parameters.map((array) => floats(array.ref))
      return layers.map((layer, index) => ({
        ...layer,
        weight: values[2 * index] ?? layer.weight,
        bias: values[2 * index + 1] ?? layer.bias,
      }))
    },
    moments: () => ({ mean: mean.map((a) => floats(a.ref)), square: square.map((a) => floats(a.ref)) }),
  }
}

// jax-js owns its arguments: a value that is used twice is passed as `.ref` the first time (see its README).

function logitsOf(parameters: Parameters, inputs: np.Array): np.Array {
  let values = inputs
  for (let index = 0; index < parameters.length; index += 2) {
    const [weight, bias] = parameters.slice(index, index + 2)
    if (weight === undefined || bias === undefined) throw new TypeError('A layer has a weight and a bias.')
    const sums = np.matmul(values, weight).add(bias)
    values = index + 2 < parameters.length ? nn.relu(sums) : sums
  }
  return values.reshape([-1])
}

/** Log loss: `share` are the weights of the rows, summing up to one. */
function lossOf(parameters: Parameters, inputs: np.Array, label: np.Array, share: np.Array): np.Array {
  const logits = logitsOf(parameters, inputs)
  return nn.softplus(logits.ref).sub(label.mul(logits)).mul(share).sum()
}

const DECAY = 0.9
const SQUARE_DECAY = 0.999
const EPSILON = 1e-8

/** A step of Adam as one function of arrays, so that jax-js compiles all of it into few kernels. */
function stepOf(isTrained: readonly boolean[]) {
  const lossAndGradients = valueAndGrad(lossOf, { argnums: [0, 1] })
  return (parameters: Parameters, mean: Parameters, square: Parameters, data: np.Array[], factors: np.Array[]) => {
    const [inputs, label, share] = data
    const [rate, correction, squareCorrection] = factors
    if (!inputs || !label || !share || !rate || !correction || !squareCorrection) throw new TypeError('Too few arrays.')
    const [loss, [gradients, inputGradient]] = lossAndGradients(tree.ref(parameters), inputs, label, share)
    const next = parameters.map((parameter, index) => {
      const [gradient, first, second] = [gradients[index], mean[index], square[index]]
      if (!gradient || !first || !second) throw new TypeError('A parameter has a gradient and two moments.')
      if (isTrained[index] !== true) {
        gradient.dispose()
        return [parameter, first, second] as const
      }
      const newMean = first.mul(DECAY).add(gradient.ref.mul(1 - DECAY))
      const newSquare = second.mul(SQUARE_DECAY).add(np.square(gradient).mul(1 - SQUARE_DECAY))
      const root = np.sqrt(newSquare.ref.mul(squareCorrection.ref)).add(EPSILON)
      const move = newMean.ref.mul(correction.ref).div(root).mul(rate.ref)
      return [parameter.sub(move), newMean, newSquare] as const
    })
    for (const factor of factors) factor.dispose()
    const state = [0, 1, 2] as const
    return [loss, inputGradient, ...state.flatMap((part) => next.map((parts) => parts[part]))]
  }
}

/** Weights of rows as shares of their sum; a batch without weight stays without. */
function sharesOf(weight: Given): Given {
  const sum = weight.reduce((total, value) => total + value, 0)
  return sum === 0 ? weight : weight.map((value) => value / sum)
}

function floats(array: np.Array): Float32Array {
  const values = array.dataSync()
  if (!(values instanceof Float32Array)) throw new TypeError('The network computes in float32.')
  return values
}
