/**
 * The store in a folder of a POSIX file system. Any number of processes on one host may share it.
 *
 * 1. `create` writes a temporary file on the same file system, fsyncs it, gives it its name with link(2), which fails
 *    when the name is taken, and fsyncs the folder. A killed creator leaves a temporary file, never half an object.
 * 2. `create` answers `false` only when the other creator's object is as lasting: what it answers about can be named in
 *    a log.
 * 3. The folder of the store is made when the store is first opened and never again: each operation demands the marker,
 *    so that an unmounted volume means `StoreUnavailable`, not an empty store.
 * 4. "Absent" is said after the marker was seen before and between two looks.
 */
import { constants } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RefitError } from '../errors.js'
import { sha256OfFile } from './digest.js'
import { absentAsUndefined, linkUnlessTaken, sweep, sync, withTemporaryFile, writeDurably } from './durable.js'
import { checkKey, checkPrefix, isFolderName, isObjectName } from './key.js'
import { errorCode, localFailure } from './local-errors.js'
import { MarkerCheck, openMarker, TEMPORARY } from './marker.js'
import { checkDigest, checkSource } from './source-file.js'
import type { ObjectStat, Storage } from './storage.js'

/** Longer than any write goes without touching its file; a shorter time would steal files from a slow writer. */
const LEFTOVER_AGE_MS = 60 * 60 * 1000

/**
 * Opens the store in a folder, and makes both when they are not there. Rejects with `InvalidInput` when the folder
 * holds files that are no store, with `StoreUnavailable` when the folder cannot be read and written.
 */
export async function createLocalStorage(folder: string): Promise<Storage> {
  const root = resolve(folder)
  try {
    const marker = await openMarker(root)
    await sweep(join(root, TEMPORARY), LEFTOVER_AGE_MS)
    return new LocalStorage(root, marker)
  } catch (thrown) {
    throw localFailure('open', '/', root, thrown)
  }
}

class LocalStorage implements Storage {
  readonly location: string
  readonly #marker: MarkerCheck
  /** Folders whose name this process knows to be on the disk. */
  readonly #lasting = new Set<string>()

  constructor(
    readonly root: string,
    marker: string,
  ) {
    this.#marker = new MarkerCheck(root, marker)
    this.location = pathToFileURL(root).href
    this.#lasting.add(root)
  }

  create(key: string, body: Uint8Array): Promise<boolean> {
    return this.#guarded('create', key, (path) => this.#publish(path, (temporary) => writeDurably(temporary, body)))
  }

  async createFromFile(key: string, source: string, sha256?: string): Promise<boolean> {
    await checkSource(source)
    return this.#guarded('create', key, (path) =>
      this.#publish(path, async (temporary) => {
        await copyFile(source, temporary, constants.COPYFILE_FICLONE)
        if (sha256 !== undefined) checkDigest(source, sha256, (await sha256OfFile(temporary)).sha256)
        await sync(temporary)
      }),
    )
  }

  read(key: string): Promise<Uint8Array | undefined> {
    return this.#guarded('read', key, (path) => this.#look(() => readFile(path).catch(absentOrFolder)))
  }

  async *list(prefix: string, after = ''): AsyncIterable<string> {
    checkPrefix(prefix)
    yield* this.#walk(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, after)
  }

  stat(key: string): Promise<ObjectStat | undefined> {
    return this.#guarded('look at', key, (path) =>
      this.#look(async () => {
        const found = await stat(path).catch(absentAsUndefined)
        return found?.isFile() ? { bytes: found.size, modifiedAt: found.mtime } : undefined
      }),
    )
  }

  async replace(key: string, body: Uint8Array): Promise<void> {
    await this.#guarded('replace', key, async (path) => {
      await this.#makeFolder(dirname(path))
      await withTemporaryFile(join(this.root, TEMPORARY), async (temporary) => {
        // No fsync: what is replaced is a hint, and rename(2) alone keeps it whole for every reader.
        await writeFile(temporary, body)
        await rename(temporary, path)
      })
    })
  }

  async remove(key: string): Promise<void> {
    await this.#guarded('remove', key, (path) => unlink(path).catch(absentAsUndefined))
  }

  async toLocalFile(key: string): Promise<string> {
    const found = await this.#guarded('read', key, (path) =>
      this.#look(async () => ((await stat(path).catch(absentAsUndefined))?.isFile() ? path : undefined)),
    )
    if (found !== undefined) return found
    throw new RefitError('NotFound', `Cannot read "${key}" in store ${this.root}: there is no such object.`)
  }

  /** Runs an operation on the path of a key while the store is there; what it throws becomes the port's error. */
  async #guarded<T>(action: string, key: string, run: (path: string) => Promise<T>): Promise<T> {
    const path = join(this.root, ...checkKey(key).split('/'))
    try {
      await this.#marker.demand()
      return await run(path)
    } catch (thrown) {
      // Somebody removed folders by hand: make and fsync them anew next time.
      if (errorCode(thrown) === 'ENOENT') this.#forgetFolders()
      throw localFailure(action, key, this.root, thrown)
    }
  }

  /** Looks twice before it says that there is nothing, since the store may have gone away and come back meanwhile. */
  async #look<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
    const found = await look()
    if (found !== undefined) return found
    await this.#marker.demand()
    return look()
  }

  async #publish(path: string, fill: (temporary: string) => Promise<void>): Promise<boolean> {
    const folder = dirname(path)
    await this.#makeFolder(folder)
    const won = (await isTaken(path)) ? false : await this.#link(path, fill)
    await sync(folder)
    return won
  }

  #link(path: string, fill: (temporary: string) => Promise<void>): Promise<boolean> {
    return withTemporaryFile(join(this.root, TEMPORARY), async (temporary) => {
      await fill(temporary)
      return linkUnlessTaken(temporary, path)
    })
  }

  /** Makes a folder below the root, never the root itself, and waits until its name is on the disk. */
  async #makeFolder(folder: string): Promise<void> {
    if (this.#lasting.has(folder)) return
    await this.#makeFolder(dirname(folder))
    await mkdir(folder).catch((thrown: unknown) => {
      if (errorCode(thrown) !== 'EEXIST') throw thrown
    })
    await sync(dirname(folder))
    this.#lasting.add(folder)
  }

  #forgetFolders(): void {
    this.#lasting.clear()
    this.#lasting.add(this.root)
  }

  /** Keys below `folder`, which is empty or ends in `/`. */
  async *#walk(folder: string, prefix: string, after: string): AsyncIterable<string> {
    for (const name of await this.#namesIn(folder)) {
      const key = folder + name
      if (!name.endsWith('/')) {
        if (key.startsWith(prefix) && key > after) yield key
      } else if (mayHold(key, prefix, after)) yield* this.#walk(key, prefix, after)
    }
  }

  /** Names in byte order of the keys they begin: a folder sorts with its `/`. */
  async #namesIn(folder: string): Promise<readonly string[]> {
    try {
      await this.#marker.demand()
      const entries = await this.#look(() =>
        readdir(join(this.root, folder), { withFileTypes: true }).catch(absentAsUndefined),
      )
      // What is no key was not made by the store: its own marker, or a file that a person left there.
      const folders = (entries ?? []).filter((entry) => entry.isDirectory() && isFolderName(entry.name))
      const objects = (entries ?? []).filter((entry) => !entry.isDirectory() && isObjectName(entry.name))
      return [...folders.map(({ name }) => `${name}/`), ...objects.map(({ name }) => name)].sort()
    } catch (thrown) {
      throw localFailure('list', folder, this.root, thrown)
    }
  }
}

/** Whether keys that begin with `folder` can also begin with `prefix` and be greater than `after`. */
function mayHold(folder: string, prefix: string, after: string): boolean {
  const fits = folder.startsWith(prefix) || prefix.startsWith(folder)
  return fits && (folder > after || after.startsWith(folder))
}

function absentOrFolder(thrown: unknown): undefined {
  // A folder has no bytes: its name is a part of other keys, and no object.
  return errorCode(thrown) === 'EISDIR' ? undefined : absentAsUndefined(thrown)
}

async function isTaken(path: string): Promise<boolean> {
  const found = await stat(path).catch(absentAsUndefined)
  if (found?.isDirectory()) {
    throw new RefitError('InvalidInput', `Cannot create ${path}: keys of other objects begin with this one and a /.`)
  }
  return found !== undefined
}
