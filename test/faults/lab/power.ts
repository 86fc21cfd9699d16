/**
 * A disk that forgets. The file layer of a worker notes in a journal what is written and what is fsynced; when the power
 * is cut, all that was not fsynced is taken away, which is the least that a POSIX file system promises: bytes last once
 * their file was fsynced, names once their folder was.
 */
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'

/** `bytes`: a file was written. `linked`, `renamed`, `made`: a name was given. `synced`: what is there is on the disk. */
const Line = z.strictObject({
  what: z.enum(['bytes', 'linked', 'renamed', 'made', 'synced']),
  path: z.string(),
  inode: z.number(),
})
type Line = z.infer<typeof Line>

/** Notes writes below these folders from now on. A disk that lies (`ignoresSync`) is told to sync, says yes, and does nothing. */
export function noteWrites(
  roots: readonly string[],
  journal: string,
  { ignoresSync }: { readonly ignoresSync: boolean },
): void {
  const real = { ...fs }
  const note = (what: Line['what'], path: string) => {
    const line: Line = { what, path: resolve(path), inode: statSync(path).ino }
    const isNoted = roots.some((root) => line.path.startsWith(resolve(root)))
    if (isNoted) appendFileSync(journal, `${JSON.stringify(line)}\n`)
  }
  const noted =
    (what: Line['what'], write: (...args: never[]) => Promise<unknown>, target: number) =>
    async (...args: never[]) => {
      const result = await write(...args)
      const path: unknown = args[target]
      // Something else may have removed it at once, as a sweep does.
      if (typeof path === 'string' && existsSync(path)) note(what, path)
      return result
    }
  const open: typeof real.open = async (path, flags, mode) => {
    const handle = await real.open(path, flags, mode)
    if (typeof path !== 'string') return handle
    if (flags !== undefined && flags !== 'r') note('bytes', path)
    const sync = handle.sync.bind(handle)
    handle.sync = async () => {
      if (ignoresSync) return
      await sync()
      note('synced', path)
    }
    return handle
  }
  const mkdir = async (path: string, options?: { readonly recursive?: boolean }) => {
    const made = await real.mkdir(path, options)
    // A recursive call tells the first folder that it made, and nothing when all were there.
    if (options?.recursive !== true || made !== undefined) note('made', made ?? path)
    return made
  }
  Object.assign(fs, {
    open,
    writeFile: noted('bytes', real.writeFile, 0),
    copyFile: noted('bytes', real.copyFile, 1),
    link: noted('linked', real.link, 1),
    rename: noted('renamed', real.rename, 1),
    mkdir,
  })
  // What was imported by name before is replaced as well.
  syncBuiltinESMExports()
}

/** Takes away what the journal says was not fsynced, and begins the journal anew. Gives the paths that suffered. */
export function cutPower(journal: string): readonly string[] {
  if (!existsSync(journal)) return []
  const lines = readFileSync(journal, 'utf8')
    .trim()
    .split('\n')
    .filter((text) => text !== '')
  const { names, inodes } = unsynced(lines.map((text) => Line.parse(JSON.parse(text))))
  const suffered: string[] = []
  for (const [path, { what, inode }] of names) {
    if (!existsSync(path)) continue
    const hasBytes = !inodes.has(inode)
    if (what !== 'renamed' && hasBytes) rmSync(path, { recursive: true, force: true })
    // A name that was moved over another one: the file systems of today show the new name with nothing in it.
    else if (what === 'renamed') truncateSync(path)
    else rmSync(path, { recursive: true, force: true })
    suffered.push(path)
  }
  writeFileSync(journal, '')
  return suffered
}

function unsynced(lines: readonly Line[]) {
  const inodes = new Set<number>()
  const names = new Map<string, Line>()
  for (const line of lines) {
    const { what, path, inode } = line
    if (what === 'bytes') inodes.add(inode)
    else if (what !== 'synced') names.set(path, line)
    else {
      inodes.delete(inode)
      for (const name of names.keys()) if (dirname(name) === path) names.delete(name)
    }
  }
  return { names, inodes }
}
