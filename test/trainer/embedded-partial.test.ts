import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBaseModel } from '../../src/trainer/embedded/weights-file.js'
import type { TrainingJob, TrainingResult } from '../../src/trainer/trainer.js'
import { inventTrips, meanOf, scoresOf, shareOf, TRIP_FEATURES, type Trip, trainOn } from './embedded-workshop.js'

const training = inventTrips(6000, 1)
const validation = inventTrips(2000, 2)
const later = inventTrips(3000, 3)
const files = { training, validation }

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

/** Row numbers by score, so that two orders can be compared. */
function ranks(scores: Float64Array): number[] {
  return Array.from(scores.keys()).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b)
}
