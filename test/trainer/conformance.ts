/** What every trainer guarantees (src/trainer/trainer.ts), run against each adapter. */
import assert from 'node:assert/strict'
import { access, cp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import {
  PARTIAL_WAYS,
  type Trainer,
  type TrainingHooks,
  type TrainingJob,
  type TrainingResult,
} from '../../src/trainer/trainer.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** A job with fresh folders, and how the model it made scores some rows that stay the same. */
export interface ConformanceJob {
  readonly job: TrainingJob
  readonly scores: (result: TrainingResult) => Promise<Float64Array>
}

/**
 * Makes a job on the same rows each time, with what is given replaced. It trains for less than half a minute and saves
 * a checkpoint before its end.
 */
export type MakeJob = (t: TestContext, replaced: Partial<TrainingJob>) => Promise<ConformanceJob>

/** Scores of one training and of its repetition differ by no more. */
const PARITY = 1e-6
const SECONDS_TO_STOP = 10

/** Defines the suite for one adapter. */
export function trainerConformance(
  name: string,
  makeTrainer: () => Trainer | Promise<Trainer>,
  makeJob: MakeJob,
): void {
  describe(`trainer ${name}`, () => {
    const run = async (t: TestContext, replaced: Partial<TrainingJob> = {}, hooks: Partial<TrainingHooks> = {}) => {
      const { job, scores } = await makeJob(t, replaced)
      const trainer = await makeTrainer()
      const result = await trainer.train(job, { ...quiet(), ...hooks })
      return { job, result, scores: await scores(result) }
    }

    test('gives the files of a package, and tells how far it is', async (t) => {
      const shares: number[] = []
      const { job, result } = await run(t, {}, { progress: ({ share }) => shares.push(share) })
      assert.ok(result.rowsTrained > 0)
      assert.ok(result.files.length > 0)
      for (const file of result.files) await access(join(job.outputFolder, file))
      assert.ok(shares.every((share) => share >= 0 && share <= 1))
      assert.deepEqual(
        shares,
        [...shares].sort((a, b) => a - b),
      )
    })

    test('the same job with the same seed gives the same model', async (t) => {
      const [first, second] = [await run(t), await run(t)]
      assert.ok(largestDifference(first.scores, second.scores) <= PARITY)
    })

    test('stopped after a checkpoint and resumed, it gives the model of the undisturbed run', async (t) => {
      const undisturbed = await run(t)
      const { job } = await makeJob(t, {})
      const resumeFrom = await stopAtCheckpoint(t, await makeTrainer(), job)
      const resumed = await run(t, { resumeFrom })
      assert.ok(largestDifference(undisturbed.scores, resumed.scores) <= PARITY)
    })

    test('an abort ends it within seconds', async (t) => {
      const { job } = await makeJob(t, {})
      const abort = new AbortController()
      let abortedAtMs = 0
      const training = (await makeTrainer()).train(job, {
        ...quiet(),
        signal: abort.signal,
        progress: () => {
          abortedAtMs ||= Date.now()
          abort.abort()
        },
      })
      await rejection(training, 'Cancelled')
      assert.ok(abortedAtMs > 0 && Date.now() - abortedAtMs < SECONDS_TO_STOP * 1000)
    })

    test('aborted before it began, it does not begin', async (t) => {
      const { job } = await makeJob(t, {})
      const training = (await makeTrainer()).train(job, { ...quiet(), signal: AbortSignal.abort() })
      await rejection(training, 'Cancelled')
    })

    test('trains in part what it says it can', async (t) => {
      const { can } = await makeTrainer()
      assert.ok(can.every((way) => PARTIAL_WAYS.includes(way)))
      const base = await run(t)
      for (const mode of can) {
        const { result, scores } = await run(t, { mode, baseFolder: base.job.outputFolder })
        assert.ok(result.files.length > 0, mode)
        assert.ok(
          scores.every((score) => score >= 0 && score <= 1),
          mode,
        )
      }
    })
  })
}

function quiet(): TrainingHooks {
  return { signal: new AbortController().signal, progress: () => undefined, checkpoint: async () => undefined }
}

/** Trains until the first checkpoint is saved, stops, and gives a copy of the checkpoint elsewhere. */
async function stopAtCheckpoint(t: TestContext, trainer: Trainer, job: TrainingJob): Promise<string> {
  const copy = join(await temporaryFolder(t), 'saved')
  const abort = new AbortController()
  const training = trainer.train(job, {
    ...quiet(),
    signal: abort.signal,
    checkpoint: async (file) => {
      await cp(file, copy)
      abort.abort()
    },
  })
  await rejection(training, 'Cancelled')
  return copy
}

function largestDifference(first: Float64Array, second: Float64Array): number {
  assert.equal(first.length, second.length)
  return first.reduce((most, value, row) => Math.max(most, Math.abs(value - (second[row] ?? Number.NaN))), 0)
}
