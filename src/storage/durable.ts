/** The few steps of the file system that make a write atomic and lasting: write, fsync, link, fsync the folder. */
import { randomUUID } from 'node:crypto'
import { link, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, isAbsent } from './local-errors.js'

/** Lends a fresh path in a folder and removes the file afterwards, whatever happened. */
export async function withTemporaryFile<T>(folder: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = join(folder, `${process.pid}-${randomUUID()}`)
  try {
    return await use(path)
  } finally {
    // A file that cannot be removed now, for example because its volume went away, is swept at a later start.
    await rm(path, { force: true }).catch(() => undefined)
  }
}

/** Writes a new file and waits until its bytes are on the disk. */
export async function writeDurably(path: string, body: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(body)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Gives a finished file its name unless the name is taken. `true` when this call gave it. */
export async function linkUnlessTaken(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (thrown) {
    if (errorCode(thrown) !== 'EEXIST') throw thrown
    // A network file system may repeat a link whose answer was lost: a second name of our file means that we won.
    return (await stat(from)).nlink > 1
  }
}

/** Waits until the bytes of a file, or the names in a folder, are on the disk. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes files of a folder that nobody has written or used for so long. An absent folder has none. */
export async function sweep(folder: string, olderThanMs: number): Promise<void> {
  const limit = Date.now() - olderThanMs
  for (const name of await namesIn(folder)) {
    const path = join(folder, name)
    const age = await stat(path).catch(absentAsUndefined)
    if (age?.isFile() && age.mtimeMs < limit) await rm(path, { force: true })
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(absentAsUndefined)) ?? []
}

/** For `catch`: somebody else removed it first, or it never was. Everything else is thrown on. */
export function absentAsUndefined(thrown: unknown): undefined {
  if (!isAbsent(thrown)) throw thrown
  return undefined
}
