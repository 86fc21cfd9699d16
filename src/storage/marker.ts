/**
 * The marker at the root of a local store. It tells "the store has no such object" from "the store is not there": an
 * unmounted volume leaves an empty folder, and a folder without the marker, or with another store's, answers nothing.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RefitError } from '../errors.js'
import { absentAsUndefined, linkUnlessTaken, sync, withTemporaryFile, writeDurably } from './durable.js'

/** Begins with `~`, which no key may hold: the marker can never be an object. */
const MARKER = '~refit-store.json'
/** Folder of files that are being written; on the store's own file system, so that they can be linked into place. */
export const TEMPORARY = '~temporary'
/** What a fresh volume may hold besides. */
const HARMLESS = new Set(['lost+found'])

/**
 * Gives the marker of the store in a folder. Makes the folder and the store when there is none; rejects with
 * `InvalidInput` when the folder holds other files, since a store that lost its marker must not be taken for a new one.
 */
export async function openMarker(root: string): Promise<string> {
  await makeLasting(root)
  const found = await readMarker(root)
  if (found === undefined) await createMarker(root)
  await mkdir(join(root, TEMPORARY), { recursive: true })
  return found ?? (await readMarker(root)) ?? missing(root)
}

/** Makes a folder, and waits until its name and those of the folders above it that were made are on the disk. */
async function makeLasting(root: string): Promise<void> {
  const first = await mkdir(root, { recursive: true })
  if (first === undefined) return
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    await sync(folder)
    if (folder === dirname(first)) return
  }
}

/** Checks, before each operation, that a folder still is the store that it was. */
export class MarkerCheck {
  /** The file that was found to be right when it was read last: while it is the same file, a look at it is enough. */
  #seen: string | undefined

  constructor(
    readonly root: string,
    readonly marker: string,
  ) {}

  /** Rejects with `StoreUnavailable` unless the folder holds the marker. */
  async demand(): Promise<void> {
    const file = await stat(join(this.root, MARKER)).catch(absentAsUndefined)
    const seen = file && `${file.dev} ${file.ino} ${file.ctimeMs}`
    if (seen !== undefined && seen === this.#seen) return
    this.#seen = undefined
    const found = await readMarker(this.root)
    if (found === undefined) missing(this.root)
    if (found !== this.marker) anotherStore(this.root)
    this.#seen = seen
  }
}

async function readMarker(root: string): Promise<string | undefined> {
  return readFile(join(root, MARKER), 'utf8').catch(absentAsUndefined)
}

async function createMarker(root: string): Promise<void> {
  const others = (await readdir(root)).filter((name) => !name.startsWith('~') && !HARMLESS.has(name))
  // Read again: another process may have made the store since, and these may be its first objects.
  if (others.length > 0 && (await readMarker(root)) === undefined) {
    throw new RefitError(
      'InvalidInput',
      `Cannot make a store in ${root}: the folder holds other files (${others.slice(0, 3).join(', ')}) and no marker ` +
        `"${MARKER}". Choose an empty folder; if this was a store, restore its marker.`,
    )
  }
  await mkdir(join(root, TEMPORARY), { recursive: true })
  const text = `${JSON.stringify({ refit: 'store', format: 1, id: randomUUID() })}\n`
  await withTemporaryFile(join(root, TEMPORARY), async (path) => {
    await writeDurably(path, Buffer.from(text))
    // Of processes that make one store at the same time, one marks it and the others take its marker.
    await linkUnlessTaken(path, join(root, MARKER))
    await sync(root)
  })
}

function anotherStore(root: string): never {
  throw new RefitError(
    'StoreUnavailable',
    `Cannot use store ${root}: another store is at this place now. Mount the volume that was there when Refit started.`,
  )
}

function missing(root: string): never {
  throw new RefitError(
    'StoreUnavailable',
    `Cannot use store ${root}: its marker "${MARKER}" is not there. Mount the volume or put the folder back.`,
  )
}
