import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openOnnxPredictor } from '../../src/predictor/onnx.js'
import type { FeatureColumn } from '../../src/predictor/package.js'
import type { Batch } from '../../src/predictor/predictor.js'
import { Graph } from '../../src/trainer/embedded/graph.js'
import { exportOnnx } from '../../src/trainer/embedded/onnx-export.js'
import { initialWeights } from '../../src/trainer/embedded/weights.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { predictorConformance } from './conformance.js'

const FEATURES: readonly FeatureColumn[] = [
  { name: 'size', kind: 'numeric' },
  { name: 'city', kind: 'categorical' },
]
const BATCH: Batch = {
  rows: 6,
  columns: {
    size: { kind: 'numeric', values: Float64Array.of(1, 2, 3, Number.NaN, 5, -1e9) },
    city: { kind: 'categorical', values: ['Bonn', 'Ulm', null, 'nowhere', '', 'Bonn'] },
  },
}

predictorConformance('onnx', async (t) => open(t, await exported(t)), BATCH)

for (const kind of ['float', 'double', 'int32', 'int64', 'bool'] as const) {
  for (const shape of ['column', 'list'] as const) {
    test(`an input of ${kind} takes numbers, as a ${shape}`, async (t) => {
      const file = await written(t, scoringGraph(kind, shape))
      const predictor = await open(t, file, [{ name: 'size', kind: 'numeric' }])
      const columns = { size: { kind: 'numeric', values: Float64Array.of(0, 1) } } as const
      assert.deepEqual(Array.from(await predictor.predict({ rows: 2, columns })), [0, 1])
    })
  }
}

test('a whole-number input refuses what is missing, with its row', async (t) => {
  const predictor = await open(t, await written(t, scoringGraph('int64', 'list')), [{ name: 'size', kind: 'numeric' }])
  const columns = { size: { kind: 'numeric', values: Float64Array.of(1, Number.NaN) } } as const
  const error = await rejection(predictor.predict({ rows: 2, columns }), 'PredictorFailed')
  assert.equal(
    error.message,
    'Cannot score: input "size" of the model takes whole numbers, but row 1 has NaN. ' +
      'Export the model with a float input, or fill the column in the spec.',
  )
})

test('a graph that does not fit says what it has', async (t) => {
  const file = await exported(t)
  const check = async (features: readonly FeatureColumn[], output: string, message: RegExp) => {
    const error = await rejection(openOnnxPredictor(file, { features, output }), 'PredictorFailed')
    assert.match(error.message, message)
    assert.equal(error.permanent, true)
  }
  const [size, city] = FEATURES
  assert.ok(size && city)
  await check([...FEATURES, { name: 'age', kind: 'numeric' }], 'score', /has no input "age", only "size", "city"\.$/)
  await check([size], 'score', /its input "city" is not among the features "size"\.$/)
  await check(FEATURES, 'label', /has no output "label", only "score"\.$/)
  await check(
    [size, { name: 'city', kind: 'numeric' }],
    'score',
    /input "city" of the model is string, which a numeric/,
  )
  await check(
    [{ name: 'size', kind: 'categorical' }, city],
    'score',
    /"size" of the model is float64, which a categorical/,
  )
})

test('rows that do not fit name the column', async (t) => {
  const predictor = await open(t, await exported(t))
  const check = async (columns: Batch['columns'], message: string) => {
    const error = await rejection(predictor.predict({ rows: 6, columns }), 'PredictorFailed')
    assert.equal(error.message, message)
  }
  const { size, city } = BATCH.columns
  assert.ok(size && city)
  await check(
    { size, city: size },
    'Cannot score: the model expects a categorical column "city", but the rows have numeric values.',
  )
  const short = { kind: 'numeric', values: Float64Array.of(1) } as const
  await check(
    { size: short, city },
    'Cannot score: the model expects a numeric column "size", but it has 1 values for 6 rows.',
  )
})

test('a file that is no graph is refused', async (t) => {
  const file = await written(t, Buffer.from('no graph'))
  const error = await rejection(openOnnxPredictor(file, { features: FEATURES, output: 'score' }), 'PredictorFailed')
  assert.match(error.message, /^Cannot open "model\.onnx" as an ONNX graph: .+ Check the file of the package\.$/s)
})

test('scores that are no probabilities are refused', async (t) => {
  const predictor = await open(t, await written(t, scoringGraph('double', 'column')), [
    { name: 'size', kind: 'numeric' },
  ])
  const columns = { size: { kind: 'numeric', values: Float64Array.of(0.5, 7) } } as const
  const error = await rejection(predictor.predict({ rows: 2, columns }), 'PredictorFailed')
  assert.match(error.message, /row 1 has score 7, which is not in \[0, 1\]/)
})

async function open(t: TestContext, file: string, features = FEATURES) {
  const predictor = await openOnnxPredictor(file, { output: 'score', features })
  t.after(() => predictor.close())
  return predictor
}

/** A graph as the embedded trainer exports it. */
async function exported(t: TestContext): Promise<string> {
  const encoding = {
    embedded: [{ name: 'city', kind: 'categorical', values: ['Bonn', 'Ulm'] } as const],
    scaled: [{ name: 'size', mean: 2, deviation: 1 }],
  }
  const weights = initialWeights(encoding, { hidden: [8], embeddingSize: 4 }, { seed: 1, positiveShare: 0.3 })
  return written(t, exportOnnx({ encoding, weights }, FEATURES))
}

/** A graph that gives its number back as the score. */
function scoringGraph(type: 'float' | 'double' | 'int32' | 'int64' | 'bool', shape: 'column' | 'list'): Uint8Array {
  const graph = new Graph()
  graph.output('score', graph.node('Cast', [graph.input('size', type, shape)], { to: 1 }), shape)
  return graph.encode()
}

async function written(t: TestContext, bytes: Uint8Array): Promise<string> {
  const file = join(await temporaryFolder(t), 'model.onnx')
  await writeFile(file, bytes)
  return file
}
