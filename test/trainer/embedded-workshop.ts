/** Rows and jobs for tests of the embedded trainer: invented trips that are late by hour, city and distance. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openOnnxPredictor } from '../../src/predictor/onnx.js'
import type { FeatureColumn } from '../../src/predictor/package.js'
import type { Batch } from '../../src/predictor/predictor.js'
import { seededRandom } from '../../src/statistics/seeded-random.js'
import { createEmbeddedTrainer, type EmbeddedDependencies } from '../../src/trainer/embedded/embedded.js'
import type { Trainer, TrainingHooks, TrainingJob, TrainingResult } from '../../src/trainer/trainer.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** One trip. */
export interface Trip {
  readonly distance: number | null
  readonly hour: number | null
  readonly city: string | null
  readonly label: number
  readonly weight: number
}

/** The features of a trip. */
export const TRIP_FEATURES: readonly FeatureColumn[] = [
  { name: 'distance', kind: 'numeric' },
  { name: 'hour', kind: 'numeric' },
  { name: 'city', kind: 'categorical' },
]

/** Parameters that train on a few thousand trips in a second. */
export const TRIP_PARAMETERS = { hidden: [16], embed: ['hour'], epochs: 3, learningRate: 0.01, minCount: 3 } as const

/** The logit of being late, known to nobody but the test. */
export function lateness({ distance, hour, city }: Pick<Trip, 'distance' | 'hour' | 'city'>): number {
  const byHour = hour === null ? 0 : hour >= 16 ? 1.5 : -0.5
  const byCity = city === null ? 0 : (Number(city.slice(1)) % 5) - 2
  return byHour + byCity + (distance === null ? 1 : (distance - 1000) / 1000)
}

/** Invents trips. `shift` is added to the logit: the world has become worse. */
export function inventTrips(rows: number, seed: number, shift = 0): Trip[] {
  const random = seededRandom(seed)
  return Array.from({ length: rows }, () => {
    const distance = random() < 0.05 ? null : Math.round(200 + 2000 * random())
    const hour = random() < 0.02 ? null : Math.floor(24 * random())
    const city = random() < 0.05 ? null : `c${Math.floor(20 * random())}`
    const chance = 1 / (1 + Math.exp(-lateness({ distance, hour, city }) - shift))
    return { distance, hour, city, label: random() < chance ? 1 : 0, weight: 1 }
  })
}

/** Trips as a batch, with label and weight. */
export function batchOf(trips: readonly Trip[]): Batch {
  const numbers = (name: 'distance' | 'hour' | 'label' | 'weight') =>
    ({ kind: 'numeric', values: Float64Array.from(trips, (trip) => trip[name] ?? Number.NaN) }) as const
  return {
    rows: trips.length,
    columns: {
      distance: numbers('distance'),
      hour: numbers('hour'),
      city: { kind: 'categorical', values: trips.map(({ city }) => city) },
      label: numbers('label'),
      weight: numbers('weight'),
    },
  }
}

/** A trainer that reads from memory what a file name stands for, in batches of 1,000 rows. */
export function tripTrainer(
  files: Readonly<Record<string, readonly Trip[]>>,
  parameters: unknown = TRIP_PARAMETERS,
): Trainer {
  const readColumns: EmbeddedDependencies['readColumns'] = async function* (file, _features, _extra, signal) {
    const trips = files[file] ?? []
    for (let from = 0; from < trips.length; from += 1000) {
      signal.throwIfAborted()
      yield batchOf(trips.slice(from, from + 1000))
    }
  }
  return createEmbeddedTrainer({ readColumns }, parameters)
}

/** A job on the files `training` and `validation`, with fresh folders. */
export async function tripJob(
  t: Pick<TestContext, 'after'>,
  replaced: Partial<TrainingJob> = {},
): Promise<TrainingJob> {
  return {
    mode: 'full',
    features: TRIP_FEATURES,
    trainingFile: 'training',
    validationFile: 'validation',
    parameters: {},
    seed: 7,
    outputFolder: await temporaryFolder(t),
    checkpointFolder: await temporaryFolder(t),
    ...replaced,
  }
}

/** Hooks that nobody listens to. */
export const quiet: TrainingHooks = {
  signal: new AbortController().signal,
  progress: () => undefined,
  checkpoint: async () => undefined,
}

/** Trains on trips. */
export async function trainOn(
  t: Pick<TestContext, 'after'>,
  files: Readonly<Record<string, readonly Trip[]>>,
  replaced: Partial<TrainingJob> = {},
): Promise<{ readonly job: TrainingJob; readonly result: TrainingResult }> {
  const job = await tripJob(t, replaced)
  return { job, result: await tripTrainer(files).train(job, quiet) }
}

/** Scores of trips by the model that a training left in its output folder. */
export async function scoresOf(folder: string, trips: readonly Trip[]): Promise<Float64Array> {
  const predictor = await openOnnxPredictor(join(folder, 'model.onnx'), { output: 'score', features: TRIP_FEATURES })
  return predictor.predict(batchOf(trips)).finally(() => predictor.close())
}

/** The mean of scores. */
export function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The share of trips that are late. */
export function shareOf(trips: readonly Trip[]): number {
  return trips.reduce((sum, { label }) => sum + label, 0) / trips.length
}
