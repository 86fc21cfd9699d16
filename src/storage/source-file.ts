/** The file that a caller wants stored: told apart from the store, so that its faults are not taken for the store's. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { messageOf, RefitError } from '../errors.js'

/** Size of a local file in bytes. Rejects with `UnreadableSource` when it is no readable file. */
export async function checkSource(path: string): Promise<number> {
  return reading(path, async () => {
    await access(path, constants.R_OK)
    const found = await stat(path)
    if (!found.isFile()) throw new TypeError('expected a file, found something else')
    return found.size
  })
}

/** Runs a step that only reads the file; what it throws becomes `UnreadableSource`. */
export async function reading<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (thrown) {
    throw new RefitError(
      'UnreadableSource',
      `Cannot store file ${path}: ${messageOf(thrown)}. Check that it is there and may be read.`,
      { cause: thrown },
    )
  }
}

/** Throws `UnreadableSource` unless the digests are equal. */
export function checkDigest(path: string, expected: string, found: string): void {
  if (expected === found) return
  throw new RefitError(
    'UnreadableSource',
    `Cannot store file ${path}: it changed while it was read (SHA-256 expected ${expected}, found ${found}). ` +
      'Store it again when nobody writes it.',
    { permanent: false },
  )
}
