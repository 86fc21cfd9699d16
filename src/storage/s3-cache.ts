/** Local copies of objects of an S3 store, for programs that want a path. */
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { RefitError } from '../errors.js'
import { sha256OfBytes, sha256OfFile } from './digest.js'
import { absentAsUndefined, sweep, withTemporaryFile } from './durable.js'
import { diskReason } from './local-errors.js'

/** Longer than any activity reads a copy; shorter than a disk takes to fill up with data that nobody wants again. */
const UNUSED_MS = 7 * 24 * 60 * 60 * 1000

/** What was downloaded: the bytes and how many they must be. */
export interface Download {
  readonly body: ReadableStream
  readonly bytes: number | undefined
}

/** A folder of copies. A copy is known by a text that names the object and its version; it is used only when whole. */
export class S3Cache {
  constructor(readonly folder: string) {}

  /** The path of the copy, or `undefined` when there is none, or it is no longer what was downloaded. */
  async find(key: string, version: string): Promise<string | undefined> {
    const path = this.#pathOf(key, version)
    const expected = await readFile(`${path}.sha256`, 'utf8').catch(absentAsUndefined)
    if (expected === undefined || !(await stat(path).catch(absentAsUndefined))) return undefined
    if ((await sha256OfFile(path)).sha256 !== expected) return undefined
    // The times tell what is still used; see UNUSED_MS.
    const now = new Date()
    await Promise.all([utimes(path, now, now), utimes(`${path}.sha256`, now, now)])
    return path
  }

  /** Keeps a download and gives its path. Rejects with `StoreUnavailable` when it ended early or the disk is full. */
  async add(key: string, version: string, download: Download): Promise<string> {
    const path = this.#pathOf(key, version)
    try {
      await mkdir(this.folder, { recursive: true })
      await sweep(this.folder, UNUSED_MS)
      await withTemporaryFile(this.folder, (temporary) => fill(temporary, path, { key, ...download }))
      return path
    } catch (thrown) {
      const reason = diskReason(thrown)
      if (reason === undefined) throw thrown
      throw new RefitError('StoreUnavailable', `Cannot keep a copy of "${key}" in ${this.folder}: ${reason}`, {
        cause: thrown,
      })
    }
  }

  /** Removes copies of objects whose key ends like this one: its name is a digest, or the copy is made again. */
  async forget(key: string): Promise<void> {
    const ending = `-${nameOf(key)}`
    const names = (await readdir(this.folder).catch(absentAsUndefined)) ?? []
    const copies = names.filter((name) => name.endsWith(ending) || name.endsWith(`${ending}.sha256`))
    await Promise.all(copies.map((name) => rm(join(this.folder, name), { force: true })))
  }

  /** The last segment of the key stays at the end of the name: programs tell formats by the extension. */
  #pathOf(key: string, version: string): string {
    return join(this.folder, `${sha256OfBytes(Buffer.from(version)).slice(0, 32)}-${nameOf(key)}`)
  }
}

const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1)

async function fill(temporary: string, path: string, download: Download & { readonly key: string }): Promise<void> {
  await pipeline(Readable.fromWeb(download.body), createWriteStream(temporary))
  const { sha256, bytes } = await sha256OfFile(temporary)
  if (download.bytes !== undefined && bytes !== download.bytes) throw endedEarly(download.key, download.bytes, bytes)
  await writeFile(`${temporary}.sha256`, sha256)
  await rename(`${temporary}.sha256`, `${path}.sha256`)
  await rename(temporary, path)
}

function endedEarly(key: string, expected: number, found: number): RefitError {
  return new RefitError(
    'StoreUnavailable',
    `Cannot read "${key}": the download ended after ${found} of ${expected} bytes. Check the network and try again.`,
  )
}
