import assert from 'node:assert/strict'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { RefitError } from '../../src/errors.js'
import { openOnnxPredictor } from '../../src/predictor/onnx.js'
import type { FeatureColumn } from '../../src/predictor/package.js'
import { readBaseModel } from '../../src/trainer/embedded/weights-file.js'
import type { TrainingJob, TrainingResult } from '../../src/trainer/trainer.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { trainerConformance } from './conformance.js'
import {
  batchOf,
  inventTrips,
  lateness,
  quiet,
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

test('a resumed training ends with the very bytes of the undisturbed one', async (t) => {
  const parameters = { checkpointSeconds: 0 }
  const undisturbed = await trainOn(t, files, { parameters })
  const saved = await savedCheckpoints(t, parameters)
  for (const index of [0, Math.floor(saved.length / 2), saved.length - 1]) {
    const { job, result } = await trainOn(t, files, { parameters, resumeFrom: saved[index] ?? '' })
    assert.match(result.summary, /, resumed at step \d+$/)
    for (const file of result.files) {
      const [first, second] = [undisturbed.job, job].map(({ outputFolder }) => readFile(join(outputFolder, file)))
      assert.deepEqual(await first, await second, `${file} after checkpoint ${index}`)
    }
  }
})

test('a checkpoint that is damaged or of another job is not gone on with', async (t) => {
  const [saved] = await savedCheckpoints(t, { checkpointSeconds: 0 })
  const damaged = join(await temporaryFolder(t), 'damaged')
  await writeFile(damaged, (await readFile(saved ?? '')).subarray(0, 5000))
  for (const [resumeFrom, seed] of [
    [damaged, 7],
    [saved ?? '', 8],
  ] as const) {
    const { result } = await trainOn(t, files, { resumeFrom, seed })
    assert.match(result.summary, /, begun anew: the checkpoint was of another job or damaged$/)
  }
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

test('only the last checkpoint is kept in the folder', async (t) => {
  const { job } = await trainOn(t, files, { parameters: { checkpointSeconds: 0 } })
  assert.equal((await readdir(job.checkpointFolder)).length, 1)
})

test('recalibrate moves the mean score to the share of positives, and nothing else', async (t) => {
  const base = await trainOn(t, files)
  const worse = { training: inventTrips(6000, 4, 1), validation: inventTrips(2000, 5, 1) }
  const before = await scoresOf(base.job.outputFolder, worse.validation)
  assert.ok(shareOf(worse.validation) - meanOf(before) > 0.1)
  const { job, result } = await partial(t, 'recalibrate', base.job, worse)
  const after = await scoresOf(job.outputFolder, worse.validation)
  assert.ok(Math.abs(meanOf(after) - shareOf(worse.validation)) < 0.03)
  assert.deepEqual(ranks(after), ranks(before))
  assert.match(result.summary, /^logit times 0\.9\d+ plus 1\.\d+|^logit times 1\.\d+ plus \d\.\d+/)
})

test('lastLayers trains what is named and keeps all else', async (t) => {
  const base = await trainOn(t, files)
  const { job } = await partial(t, 'lastLayers', base.job, { training: inventTrips(6000, 4, 1), validation })
  const [old, now] = [await weightsOf(base.job), await weightsOf(job)]
  assert.deepEqual(now.embedding, old.embedding)
  assert.deepEqual(now.layers[0], old.layers[0])
  assert.notDeepEqual(now.layers[1], old.layers[1])
})

test('warmStart goes on from the champion and learns values that are new', async (t) => {
  const base = await trainOn(t, files)
  const withNewCity = inventTrips(6000, 6).map((trip, row) =>
    row % 4 === 0 ? { ...trip, city: 'new', label: 1 } : trip,
  )
  const { job } = await partial(t, 'warmStart', base.job, { training: withNewCity, validation: withNewCity })
  const { encoding } = await readBaseModel(job.outputFolder, TRIP_FEATURES, 'warmStart')
  const { encoding: old } = await readBaseModel(base.job.outputFolder, TRIP_FEATURES, 'warmStart')
  const valuesOf = ({ embedded }: typeof encoding) => embedded.find(({ name }) => name === 'city')?.values ?? []
  assert.deepEqual(valuesOf(encoding), [...valuesOf(old), 'new'])
  const trips = later.slice(0, 200).map((trip) => ({ ...trip, city: 'new' }))
  const [before, after] = [await scoresOf(base.job.outputFolder, trips), await scoresOf(job.outputFolder, trips)]
  assert.ok(meanOf(after) - meanOf(before) > 0.2, `from ${meanOf(before)} to ${meanOf(after)}`)
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

async function scoresOf(folder: string, trips: readonly Trip[]): Promise<Float64Array> {
  const predictor = await openOnnxPredictor(join(folder, 'model.onnx'), { output: 'score', features: TRIP_FEATURES })
  return predictor.predict(batchOf(trips)).finally(() => predictor.close())
}

async function weightsOf(job: TrainingJob) {
  return (await readBaseModel(job.outputFolder, TRIP_FEATURES, 'warmStart')).weights
}

function partial(
  t: Parameters<typeof trainOn>[0],
  mode: TrainingJob['mode'],
  base: TrainingJob,
  rows: Readonly<Record<string, readonly Trip[]>>,
): Promise<{ readonly job: TrainingJob; readonly result: TrainingResult }> {
  return trainOn(t, rows, { mode, baseFolder: base.outputFolder })
}

/** Copies of all checkpoints of a training. */
async function savedCheckpoints(t: Parameters<typeof trainOn>[0], parameters: object): Promise<string[]> {
  const folder = await temporaryFolder(t)
  const saved: string[] = []
  const job = await tripJob(t, { parameters: { ...parameters } })
  await tripTrainer(files).train(job, {
    ...quiet,
    checkpoint: async (file) => {
      const copy = join(folder, `${saved.length}`)
      await cp(file, copy)
      saved.push(copy)
    },
  })
  return saved
}

function relabelled(label: number): Trip[] {
  return training.map((trip) => ({ ...trip, label }))
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function shareOf(trips: readonly Trip[]): number {
  return trips.reduce((sum, { label }) => sum + label, 0) / trips.length
}

/** Row numbers by score, so that two orders can be compared. */
function ranks(scores: Float64Array): number[] {
  return Array.from(scores.keys()).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b)
}
