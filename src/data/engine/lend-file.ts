/** Files of the store for an instance that is open: what it may reach is fixed when it opens, but for its own folder. */
import { copyFile, link } from 'node:fs/promises'
import { join } from 'node:path'
import { type ObjectRef, objectFile } from '../../storage/objects.js'
import type { Storage } from '../../storage/storage.js'
import type { DuckDb } from './context.js'

/** Gives a local file a name in the folder of the instance, to be read only. A link where the file system allows, else a copy. */
export async function lendFile({ folder }: DuckDb, path: string, name: string): Promise<string> {
  const to = join(folder, name)
  await link(path, to).catch(() => copyFile(path, to))
  return to
}

/** Objects whose digest was found right, by the store. */
const verified = new WeakMap<Storage, Set<string>>()

/** As `objectFile`, but with one look at the bytes for each process: batch after batch reads the partitions of a window. */
export async function verifiedFile(storage: Storage, ref: ObjectRef): Promise<string> {
  const known = verified.get(storage) ?? new Set<string>()
  verified.set(storage, known)
  if (known.has(ref.sha256)) return storage.toLocalFile(ref.uri)
  const path = await objectFile(storage, ref)
  known.add(ref.sha256)
  return path
}
