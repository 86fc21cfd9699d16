import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { RefitError } from '../errors.js'
import { reasonOf } from './duckdb-error.js'

/** A private copy of a file, and what is true of exactly these bytes. */
export interface StagedFile {
  readonly path: string
  readonly sha256: string
  readonly bytes: number
  readonly modifiedAt: string
}

/**
 * Copies a file once, hashing what is copied, so that the digest and the rows are of the same bytes however the source
 * changes. A source that changes under the copy is refused for now: half a file is nobody's batch.
 */
export async function stageFile(from: string, to: string, signal?: AbortSignal): Promise<StagedFile> {
  const before = await describeFile(from)
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(
    createReadStream(from, { highWaterMark: 1 << 20 }),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk)
        bytes += chunk.length
        yield chunk
      }
    },
    createWriteStream(to),
    { signal },
  )
  const after = await describeFile(from)
  if (before.modifiedAt !== after.modifiedAt || bytes !== before.bytes) {
    throw new RefitError(
      'UnreadableSource',
      `Cannot read batch "${from}": it changed while it was read. Write a file under another name and rename it when it is complete.`,
      { permanent: false },
    )
  }
  return { path: to, sha256: hash.digest('hex'), bytes, modifiedAt: before.modifiedAt }
}

/** Unpacks a gzipped file. Rejects with `UnreadableSource` when it is damaged or cut off. */
export async function gunzipFile(from: string, to: string, signal?: AbortSignal): Promise<void> {
  try {
    await pipeline(createReadStream(from), createGunzip(), createWriteStream(to), { signal })
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown
    throw new RefitError('UnreadableSource', `not a whole gzip file: ${reasonOf(thrown)}`, { cause: thrown })
  }
}

/** Size and modification time of a file. Rejects with `UnreadableSource` when it is not there or must not be read. */
export async function describeFile(path: string): Promise<{ readonly bytes: number; readonly modifiedAt: string }> {
  try {
    const { size, mtime } = await stat(path)
    return { bytes: size, modifiedAt: mtime.toISOString() }
  } catch (thrown) {
    throw new RefitError(
      'UnreadableSource',
      `Cannot read batch "${path}": ${reasonOf(thrown)}. Check that the file is still there and that the worker may read it.`,
      { permanent: false, cause: thrown },
    )
  }
}
