import { realpath, stat } from 'node:fs/promises'
import { resolve, sep } from 'node:path'

/** A file that a program named, found in the folder where it may lie, or why it is not accepted. */
export type FoundFile =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'refused'; readonly reason: string }

/** Looks for a file that must lie in a folder. Links are followed: one that leads out of the folder is refused too. */
export async function fileInside(folder: string, name: string): Promise<FoundFile> {
  if (!isBelow(resolve(folder), resolve(folder, name))) return refused(name, `lies outside of "${folder}"`)
  const root = await realpath(folder)
  const path = await realpath(resolve(folder, name)).catch(() => undefined)
  if (path === undefined) return refused(name, `does not exist in "${folder}"`)
  if (!isBelow(root, path)) return refused(name, `is a link that leads out of "${folder}"`)
  return (await stat(path)).isFile() ? { kind: 'found', path } : refused(name, 'is not a file')
}

const isBelow = (folder: string, path: string): boolean => path.startsWith(folder + sep)

const refused = (name: string, reason: string): FoundFile => ({ kind: 'refused', reason: `"${name}" ${reason}` })
