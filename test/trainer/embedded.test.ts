import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { RefitError } from '../../src/errors.js'
import type { FeatureColumn } from '../../src/predictor/package.js'
import type { TrainingJob } from '../../src/trainer/trainer.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { trainerConformance } from './conformance.js'
import {
  inventTrips,
  lateness,
  meanOf,
  quiet,
  scoresOf,
  shareOf,
  TRIP_FEATURES,
  type Trip,
  trainOn,
  tripJob,
  tripTrainer,
} from './embedded-workshop.js'

const training = inventTrips(6000, 1)
const validation = inventTrips(2000, 2)
const later = inventTrips(3000, 3)
const files = { training, validation }

trainerConformance(
  'embedded',
  () => tripTrainer(files),
  async (t, replaced) => {
    // A checkpoint after each step: the suite stops the training at the first one.
    const job = await tripJob(t, { parameters: { checkpointSeconds: 0 }, ...replaced })
    return { job, scores: () => scoresOf(job.outputFolder, later) }
  },
)

test('the embedded trainer learns numbers, categories and missing values', async (t) => {
  const { job, result } = await trainOn(t, files)
  const scores = await scoresOf(job.outputFolder, later)
  const truth = Float64Array.from(later, (trip) => 1 / (1 + Math.exp(-lateness(trip))))
  const error = scores.reduce((sum, score, row) => sum + Math.abs(score - (truth[row] ?? 0)), 0) / later.length
  assert.ok(error < 0.06, `mean error of the probability is ${error}`)
  assert.ok((result.metrics.validationLogLoss ?? 1) < 0.5)
  assert.ok((result.parity ?? 1) <= 1e-5)
  assert.match(result.summary, /^3 epochs, epoch \d kept with validation log loss 0\.\d{4}$/)
})

test('an unknown category and the empty string are legal', async (t) => {
  const { job } = await trainOn(t, files)
  const [trip] = later
  assert.ok(trip)
  const scores = await scoresOf(job.outputFolder, [
    { ...trip, city: 'nowhere' },
    { ...trip, city: '' },
    { ...trip, city: null },
    { ...trip, hour: 99, distance: Number.POSITIVE_INFINITY },
    { ...trip, hour: null, distance: null },
  ])
  assert.equal(scores[1], scores[2])
  assert.ok(scores.every((score) => score > 0 && score < 1))
})

test('weights of rows count', async (t) => {
  const half = training.map((trip, row) => ({ ...trip, weight: row % 2, label: row % 2 === 0 ? 1 : trip.label }))
  const { job } = await trainOn(t, { training: half, validation })
  const mean = meanOf(await scoresOf(job.outputFolder, later))
  assert.ok(Math.abs(mean - shareOf(later)) < 0.05, `rows without weight were learned: ${mean}`)
})

test('every seed gives another model', async (t) => {
  const [one, two] = [await trainOn(t, files, { seed: 1 }), await trainOn(t, files, { seed: 2 })]
  assert.notDeepEqual(
    await readFile(join(one.job.outputFolder, 'weights.bin')),
    await readFile(join(two.job.outputFolder, 'weights.bin')),
  )
})

test('an abort in the midst of the steps ends the thread', async (t) => {
  const abort = new AbortController()
  const job = await tripJob(t, { parameters: { epochs: 1000, patience: 1000, maxRowsSeen: 1e9 } })
  let abortedAtMs = 0
  const training = tripTrainer(files).train(job, {
    ...quiet,
    signal: abort.signal,
    progress: ({ text }) => {
      if (!/^epoch \d+\/1000 · loss \.\d{4} · \d\.\d\d M rows\/s$/.test(text)) return
      abortedAtMs ||= Date.now()
      abort.abort()
    },
  })
  await rejection(training, 'Cancelled')
  assert.ok(Date.now() - abortedAtMs < 3000, `${Date.now() - abortedAtMs} ms after the abort`)
  assert.deepEqual(await readdir(job.outputFolder), [])
})

test('a store that refuses a checkpoint ends the training with its own error', async (t) => {
  const job = await tripJob(t, { parameters: { checkpointSeconds: 0 } })
  const refused = new RefitError('StoreUnavailable', 'Cannot write: the store is down.')
  const training = tripTrainer(files).train(job, {
    ...quiet,
    checkpoint: async () => {
      throw refused
    },
  })
  assert.equal(await rejection(training, 'StoreUnavailable'), refused)
})

test('what cannot be trained says why, and that another attempt is no use', async (t) => {
  const check = async (expected: RegExp, replaced: Partial<TrainingJob>, trips: readonly Trip[] = training) => {
    const error = await rejection(trainOn(t, { training: trips, validation }, replaced), 'TrainingFailed')
    assert.match(error.message, expected)
    assert.equal(error.permanent, true)
  }
  await check(/^Cannot train on "training": it has no rows\. Widen policy\.window of the spec\.$/, {}, [])
  await check(/: of 6000 rows not one is positive\. Check data\.label of the spec\.$/, {}, relabelled(0))
  await check(/: of 6000 rows all are positive\./, {}, relabelled(1))
  await check(/^Cannot train on "training": label of row 0 is 2, expected 0 or 1\.$/, {}, relabelled(2))
  await check(/^Cannot embed "city": trainer\.parameters\.embed names numeric/, { parameters: { embed: ['city'] } })
  await check(/^Cannot train by warmStart: there is no model to begin with\. Start a full/, { mode: 'warmStart' })
  await check(/champion's "weights\.bin": ENOENT/, { mode: 'recalibrate', baseFolder: await temporaryFolder(t) })
  const base = await trainOn(t, files)
  const partialJob = { mode: 'lastLayers', baseFolder: base.job.outputFolder } as const
  await check(/^Cannot train "hidden3" of .+: the champion has embeddings, hidden1, head\.$/, {
    ...partialJob,
    parameters: { trainable: ['hidden3'] },
  })
  const fewer: readonly FeatureColumn[] = TRIP_FEATURES.slice(1)
  await check(/the spec has features city \(categorical\), hour \(numeric\), the champion city/, {
    ...partialJob,
    features: fewer,
  })
})

test('parameters are checked at once, with all problems', () => {
  assert.throws(() => tripTrainer(files, { hidden: [30], epochs: 0, lr: 1 }), {
    code: 'InvalidSpec',
    message:
      'Cannot use the parameters of the embedded trainer. ' +
      'trainer.parameters.hidden[0]: Invalid number: must be a multiple of 4; ' +
      'trainer.parameters.epochs: Too small: expected number to be >=1; ' +
      'trainer.parameters: Unrecognized key: "lr".',
  })
})

test('small and odd data train too', async (t) => {
  for (const rows of [2, 33, 200]) {
    const few = training.slice(0, rows).map((trip, row) => ({ ...trip, label: row % 2 }))
    const { result } = await trainOn(t, { training: few, validation: [] })
    assert.equal(result.rowsTrained, rows)
    assert.equal(result.metrics.validationLogLoss, undefined)
  }
  const constant = training.map((trip) => ({ ...trip, distance: 5, hour: 1, city: null }))
  await trainOn(t, { training: constant, validation })
})

function relabelled(label: number): Trip[] {
  return training.map((trip) => ({ ...trip, label }))
}
