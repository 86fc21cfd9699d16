/** Scores with an ONNX graph in process, by onnxruntime. */
import { basename } from 'node:path'
import { InferenceSession, type OnnxValue } from 'onnxruntime-node'
import { messageOf } from '../errors.js'
import { collectScores } from './collect-scores.js'
import { failed } from './onnx/failed.js'
import { inputTensor } from './onnx/input-tensor.js'
import type { FeatureColumn } from './package.js'
import type { Predictor } from './predictor.js'

/** Rows scored at a time: keeps the memory of a run bounded, whatever the size of a batch. */
const ROWS_AT_A_TIME = 32_768

/** What is known of a graph beyond its file. */
export interface OnnxOptions {
  /** Name of the output with the score, `[rows]` or `[rows, 1]`. */
  readonly output: string
  /** Each is an input of the graph with the same name, `[rows]` or `[rows, 1]`. */
  readonly features: readonly FeatureColumn[]
}

/**
 * Opens a graph. Missing numbers are given as NaN, missing strings as the empty string. Rejects with `PredictorFailed`,
 * naming the input, when the file is no graph or its inputs are not the features.
 */
export async function openOnnxPredictor(path: string, options: OnnxOptions): Promise<Predictor> {
  const { output, features } = options
  const model = `"${basename(path)}"`
  const session = await InferenceSession.create(path).catch((thrown: unknown) => {
    throw failed(`Cannot open ${model} as an ONNX graph: ${messageOf(thrown)}. Check the file of the package.`, thrown)
  })
  checkNames(session, model, options)
  const inputs = features.map((feature) => {
    const metadata = session.inputMetadata.find(({ name }) => name === feature.name)
    return [feature.name, inputTensor(feature, metadata)] as const
  })
  return {
    async predict(batch) {
      const collector = collectScores(batch.rows, model)
      for (let from = 0; from < batch.rows; from += ROWS_AT_A_TIME) {
        const to = Math.min(batch.rows, from + ROWS_AT_A_TIME)
        const feeds = Object.fromEntries(inputs.map(([name, tensor]) => [name, tensor(batch, from, to)]))
        const results = await session.run(feeds, [output]).catch((thrown: unknown) => {
          throw failed(`Cannot score with ${model}: ${messageOf(thrown)}.`, thrown)
        })
        collector.add(from, to - from, numbersOf(results[output], output))
      }
      return collector.scores
    },
    close: () => session.release(),
  }
}

function checkNames(
  { inputNames, outputNames }: InferenceSession,
  model: string,
  { output, features }: OnnxOptions,
): void {
  const names = features.map(({ name }) => name)
  const missing = names.find((name) => !inputNames.includes(name))
  if (missing !== undefined) {
    throw failed(`Cannot score with ${model}: it has no input "${missing}", only ${quoted(inputNames)}.`)
  }
  const extra = inputNames.find((name) => !names.includes(name))
  if (extra !== undefined) {
    throw failed(`Cannot score with ${model}: its input "${extra}" is not among the features ${quoted(names)}.`)
  }
  if (outputNames.includes(output)) return
  throw failed(`Cannot score with ${model}: it has no output "${output}", only ${quoted(outputNames)}.`)
}

function numbersOf(value: OnnxValue | undefined, output: string): readonly number[] {
  const numbers = value !== undefined && 'data' in value ? value.data : undefined
  if (numbers instanceof Float32Array || numbers instanceof Float64Array) return Array.from(numbers)
  throw failed(`Cannot score: output "${output}" of the model is no tensor of float or double.`)
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}
