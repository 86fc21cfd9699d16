import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { RefitError } from '../errors.js'
import { reasonOf } from './duckdb-error.js'

/** Unpacks a gzipped file. Rejects with `UnreadableSource` when it is damaged or cut off. */
export async function gunzipFile(from: string, to: string, signal?: AbortSignal): Promise<void> {
  try {
    await pipeline(createReadStream(from), createGunzip(), createWriteStream(to), { signal })
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown
    throw new RefitError('UnreadableSource', `not a whole gzip file: ${reasonOf(thrown)}`, { cause: thrown })
  }
}
