/**
 * Rows a second of the embedded trainer's epoch loop against raw jax-js: the same network, loss, gradient and Adam in one
 * compiled function, with the embeddings as `np.take`, fed with one prepared batch again and again. What the loop does
 * besides (shuffling, gathering rows) counts against it; that it looks embeddings up by itself counts for it.
 * `trainAgainstDense` compares with jax-js without any embeddings: their price, for information.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax'
import type { Batch, ColumnValues } from '../src/predictor/predictor.js'
import { seededRandom } from '../src/statistics/seeded-random.js'
import { createEmbeddedTrainer } from '../src/trainer/embedded/embedded.js'
import { type BenchLine, machine, measureOf } from './support/bench-line.js'

const SEED = 1
const ROWS = 300_000
const BATCH_ROWS = 4096
const STEPS = 60
/** Other work comes and goes on a machine: the best of some rounds, taken in turns, is what both can do. */
const ROUNDS = 3
/** Shape of the flights example: weekdays, hours, airports twice, routes. */
const CARDINALITIES = [7, 24, 230, 230, 3000] as const
const NUMBERS = 2
const EMBEDDING_SIZE = 8
const HIDDEN = 64

/** Measures, and gives the line to print. */
export async function run(): Promise<BenchLine> {
  const batch = inventRows()
  let trainer = 0
  let raw = 0
  let dense = 0
  for (let round = 0; round < ROUNDS; round++) {
    trainer = Math.max(trainer, await trainerRate(batch))
    raw = Math.max(raw, rawRate(true))
    dense = Math.max(dense, rawRate(false))
  }
  const unit = 'rows/s'
  return {
    name: 'train',
    seed: SEED,
    machine: machine(),
    measures: [
      measureOf({ name: 'train', unit }, trainer, raw, 0.8),
      measureOf({ name: 'trainAgainstDense', unit }, trainer, dense, null),
    ],
  }
}

const categoryNames = CARDINALITIES.map((_, index) => `category${index}`)
const numberNames = Array.from({ length: NUMBERS }, (_, index) => `number${index}`)
const features = [
  ...categoryNames.map((name) => ({ name, kind: 'categorical' as const })),
  ...numberNames.map((name) => ({ name, kind: 'numeric' as const })),
]

function inventRows(): Batch {
  const random = seededRandom(SEED)
  const numbers = (draw: () => number): ColumnValues => ({
    kind: 'numeric',
    values: Float64Array.from({ length: ROWS }, draw),
  })
  const categories = CARDINALITIES.map((count, index): [string, ColumnValues] => {
    const values = Array.from({ length: ROWS }, () => `v${Math.floor(count * random())}`)
    return [`category${index}`, { kind: 'categorical', values }]
  })
  const columns = {
    ...Object.fromEntries(categories),
    ...Object.fromEntries(numberNames.map((name) => [name, numbers(random)])),
    label: numbers(() => (random() < 0.3 ? 1 : 0)),
    weight: numbers(() => 1),
  }
  return { rows: ROWS, columns }
}

/** Rows a second of one epoch, as the trainer itself reports it. */
async function trainerRate(batch: Batch): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'refit-bench-'))
  try {
    const readColumns = async function* () {
      yield batch
    }
    const parameters = {
      hidden: [HIDDEN],
      embeddingSize: EMBEDDING_SIZE,
      epochs: 1,
      batchSize: BATCH_ROWS,
      minCount: 1,
    }
    const { metrics } = await createEmbeddedTrainer({ readColumns }, parameters).train(
      {
        ...{ mode: 'full', features, trainingFile: 'rows', validationFile: 'rows', parameters: {}, seed: SEED },
        ...{ outputFolder: folder, checkpointFolder: folder },
      },
      { signal: new AbortController().signal, progress: () => undefined, checkpoint: async () => undefined },
    )
    return metrics.rowsPerSecond ?? 0
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Rows a second of jax-js alone, with embeddings by `np.take` or with their inputs given. */
function rawRate(hasEmbeddings: boolean): number {
  const step = jit(rawStep(hasEmbeddings))
  const random = seededRandom(SEED)
  const draw = (...shape: number[]) =>
    np.array(Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random() - 0.5)).reshape(shape)
  const tableRows = CARDINALITIES.reduce((sum, count) => sum + count + 2, 0)
  // A multiple of four, as the trainer has it.
  const numberWidth = 4 * Math.ceil((2 * NUMBERS) / 4)
  const width = CARDINALITIES.length * EMBEDDING_SIZE
  const shapes = [[tableRows, EMBEDDING_SIZE], [width + numberWidth, HIDDEN], [HIDDEN], [HIDDEN, 1], [1]]
  let state = [shapes.map((shape) => draw(...shape)), shapes.map((s) => np.zeros(s)), shapes.map((s) => np.zeros(s))]
  const ids = Int32Array.from({ length: BATCH_ROWS * CARDINALITIES.length }, () => Math.floor(tableRows * random()))
  const given = draw(BATCH_ROWS, hasEmbeddings ? numberWidth : width + numberWidth)
  const data = [given, np.array(ids), draw(BATCH_ROWS), np.array(1)]
  let startedMs = 0
  // The first steps compile.
  for (let index = -2; index < STEPS; index++) {
    if (index === 0) startedMs = performance.now()
    const [loss, ...next] = step(state, tree.ref(data))
    loss?.item()
    state = [0, 1, 2].map((part) => next.slice(part * shapes.length, (part + 1) * shapes.length))
  }
  tree.dispose(state)
  tree.dispose(data)
  return (1000 * STEPS * BATCH_ROWS) / (performance.now() - startedMs)
}

/** Adam on the log loss. State: parameters and two moments; data: numbers, table rows, labels and the number one. */
function rawStep(hasEmbeddings: boolean) {
  const lossAndGradients = valueAndGrad(hasEmbeddings ? lossOfTable : lossOfInputs)
  return (state: np.Array[][], data: np.Array[]): np.Array[] => {
    const [parameters = [], mean = [], square = []] = state
    const [loss, gradients] = lossAndGradients(tree.ref(parameters), data)
    const next = parameters.map((parameter, index) => {
      const gradient = gradients[index] ?? np.array(0)
      const first = (mean[index] ?? np.array(0)).mul(0.9).add(gradient.ref.mul(0.1))
      const second = (square[index] ?? np.array(0)).mul(0.999).add(np.square(gradient).mul(0.001))
      const move = first.ref.div(np.sqrt(second.ref).add(1e-8)).mul(0.001)
      return [parameter.sub(move), first, second] as const
    })
    return [loss, ...([0, 1, 2] as const).flatMap((part) => next.map((parts) => parts[part]))]
  }
}

function lossOfTable(parameters: np.Array[], data: np.Array[]): np.Array {
  const [table, ...layers] = parameters
  const [numbers, ids, label, one] = data
  if (!table || !numbers || !ids || !label || !one) throw new TypeError('Too few arrays.')
  // Times one: jax-js 0.1.25 cannot compile a lookup whose gradient comes from a reshape alone.
  const looked = np
    .take(table, ids, 0)
    .mul(one)
    .reshape([BATCH_ROWS, CARDINALITIES.length * EMBEDDING_SIZE])
  return lossOf(layers, np.concatenate([looked, numbers], 1), label)
}

function lossOfInputs(parameters: np.Array[], data: np.Array[]): np.Array {
  const [table, ...layers] = parameters
  const [inputs, ids, label, one] = data
  if (!table || !inputs || !ids || !label || !one) throw new TypeError('Too few arrays.')
  ids.dispose()
  one.dispose()
  table.dispose()
  return lossOf(layers, inputs, label)
}

function lossOf(layers: np.Array[], inputs: np.Array, label: np.Array): np.Array {
  const [weight, bias, headWeight, headBias] = layers
  if (!weight || !bias || !headWeight || !headBias) throw new TypeError('Too few layers.')
  const hidden = nn.relu(np.matmul(inputs, weight).add(bias))
  const logits = np.matmul(hidden, headWeight).add(headBias).reshape([BATCH_ROWS])
  return np.mean(nn.softplus(logits.ref).sub(label.mul(logits)))
}
