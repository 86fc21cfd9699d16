/** What is on this machine already: on the search path, or in Refit's cache. */
import { delimiter, isAbsolute, join } from 'node:path'
import { inspectBinary, isExecutable } from '../binary.js'
import { PROGRAM_NAME } from '../pin.js'
import { absent, type StepContext, type StepResult } from '../step.js'

/** The first `temporal` on the search path; an older one there is named and passed over. */
export async function programOnPath({ env, signal }: StepContext): Promise<StepResult> {
  const folders = (env.PATH ?? '').split(delimiter).filter(isAbsolute)
  for (const folder of folders) {
    const path = join(folder, PROGRAM_NAME)
    if (await isExecutable(path)) return inspectBinary(path, env, signal)
  }
  return absent(`no ${PROGRAM_NAME} on PATH`)
}

/** The program that an earlier run downloaded or built. */
export async function programInCache({ env, folder, signal }: StepContext): Promise<StepResult> {
  const path = join(folder, PROGRAM_NAME)
  return (await isExecutable(path)) ? inspectBinary(path, env, signal) : absent(`no ${path}`)
}
