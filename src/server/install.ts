import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../errors.js'
import { inspectBinary, isExecutable } from './binary.js'
import { withLock } from './lock.js'
import { PROGRAM_NAME } from './pin.js'
import { absent, type StepContext, type StepResult } from './step.js'

/** Makes the program in a work folder that is removed afterwards; gives the path of what it made. */
export type MakeProgram = (workFolder: string) => Promise<string>

const WORK_PREFIX = '.work-'

/**
 * Puts the program that `make` makes into the cache: one maker at a time on this machine, tried before it is put in
 * place, and put there by rename, so that nobody ever sees half of it. What goes wrong is the reason for `absent`.
 */
export async function installProgram(context: StepContext, make: MakeProgram): Promise<StepResult> {
  const { folder, signal, progress } = context
  try {
    await mkdir(folder, { recursive: true })
    const waiting = (seconds: number) =>
      progress({ done: seconds, total: null, unit: 'seconds', text: 'another process is obtaining it' })
    return await withLock(join(folder, '.lock'), { signal, waiting }, () => makeOnce(context, make))
  } catch (thrown) {
    if (signal.aborted) throw thrown
    return absent(messageOf(thrown))
  }
}

async function makeOnce({ env, folder, signal }: StepContext, make: MakeProgram): Promise<StepResult> {
  const place = join(folder, PROGRAM_NAME)
  // Whoever held the lock before may have made it.
  if (await isExecutable(place)) return inspectBinary(place, env, signal)
  await sweep(folder)
  // Within the folder: a rename is atomic only on one file system.
  const workFolder = await mkdtemp(join(folder, WORK_PREFIX))
  try {
    const made = await make(workFolder)
    await chmod(made, 0o755)
    const inspected = await inspectBinary(made, env, signal)
    if (inspected.kind !== 'binary') return inspected
    await rename(made, place)
    return { ...inspected, path: place }
  } finally {
    await rm(workFolder, { recursive: true, force: true })
  }
}

/** Removes what a killed maker left: it can be gigabytes of compiler cache. Called under the lock. */
async function sweep(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => name.startsWith(WORK_PREFIX))
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}
