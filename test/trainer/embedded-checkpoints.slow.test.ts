import assert from 'node:assert/strict'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/temporary-folder.js'
import { inventTrips, quiet, trainOn, tripJob, tripTrainer } from './embedded-workshop.js'

const files = { training: inventTrips(6000, 1), validation: inventTrips(2000, 2) }

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

test('only the last checkpoint is kept in the folder', async (t) => {
  const { job } = await trainOn(t, files, { parameters: { checkpointSeconds: 0 } })
  assert.equal((await readdir(job.checkpointFolder)).length, 1)
})

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
