import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { TrainingJob } from '../trainer.js'

/** Raised when a field changes its meaning; a program may refuse what it does not know. */
const JOB_VERSION = 1

/**
 * Writes `<outputFolder>.job.json`, what the program is asked for, and gives its path. The fields are those of
 * `TrainingJob`, with absolute paths, as the program runs in another folder. It stays there: a person can run the
 * program on it again.
 */
export async function writeJobFile(job: TrainingJob): Promise<string> {
  const file = `${resolve(job.outputFolder)}.job.json`
  const written = {
    version: JOB_VERSION,
    mode: job.mode,
    features: job.features,
    trainingFile: resolve(job.trainingFile),
    validationFile: resolve(job.validationFile),
    ...(job.baseFolder === undefined ? {} : { baseFolder: resolve(job.baseFolder) }),
    parameters: job.parameters,
    seed: job.seed,
    outputFolder: resolve(job.outputFolder),
    checkpointFolder: resolve(job.checkpointFolder),
    ...(job.resumeFrom === undefined ? {} : { resumeFrom: resolve(job.resumeFrom) }),
  }
  await writeFile(file, `${JSON.stringify(written, null, 2)}\n`)
  return file
}
