/** Unpacks a file within limits: a small file may hold more than any disk. */
import { createReadStream, createWriteStream } from 'node:fs'
import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { RefitError } from '../../errors.js'
import { isHostFailure, reasonOf } from '../engine/duckdb-error.js'
import { readZstd } from './read-zstd.js'

/** How a file is packed. */
export type Compression = 'gzip' | 'zstd'

/** What to unpack, and where to. */
export interface UnpackRequest {
  readonly from: string
  readonly to: string
  readonly compression: Compression
  readonly signal?: AbortSignal | undefined
  readonly limits?: UnpackLimits
}

/** Beyond these, a file is no batch but a bomb. */
export interface UnpackLimits {
  readonly mostBytes: number
  /** Unpacked bytes by packed bytes; looked at beyond `ratioFromBytes`. */
  readonly mostRatio: number
  readonly ratioFromBytes: number
}

/** A table of text packs to a tenth, seldom to a hundredth; gzip ends at 1,032, zstd at some 30,000. */
const LIMITS: UnpackLimits = { mostBytes: 50 * 2 ** 30, mostRatio: 1000, ratioFromBytes: 2 ** 30 }

/** Scratch space that unpacking leaves to the others. */
const SPARE_BYTES = 256 * 2 ** 20
/** Bytes between two looks at the scratch space. */
const LOOK_EVERY_BYTES = 64 * 2 ** 20
const CHUNK_BYTES = 1 << 18

/**
 * Unpacks a file. Rejects with `UnreadableSource` when it is damaged, cut off, or unpacks to more than the limits; with
 * `StoreUnavailable` when the scratch folder is too small.
 */
export async function unpackFile({ from, to, compression, signal, limits = LIMITS }: UnpackRequest): Promise<void> {
  const { size: packed } = await stat(from)
  const bytes = createReadStream(from, { highWaterMark: CHUNK_BYTES })
  const output = createWriteStream(to, { highWaterMark: CHUNK_BYTES })
  const bounded = (chunks: AsyncIterable<Uint8Array>) => withinLimits(chunks, { packed, limits, folder: dirname(to) })
  try {
    if (compression === 'zstd') await pipeline(bytes, readZstd, bounded, output, { signal })
    else await pipeline(bytes, createGunzip({ chunkSize: CHUNK_BYTES }), bounded, output, { signal })
  } catch (thrown) {
    if (signal?.aborted === true || isHostFailure(thrown) || thrown instanceof RefitError) throw thrown
    throw new RefitError('UnreadableSource', `not a whole ${compression} file: ${reasonOf(thrown)}`, { cause: thrown })
  }
}

async function* withinLimits(
  chunks: AsyncIterable<Uint8Array>,
  { packed, limits, folder }: { readonly packed: number; readonly limits: UnpackLimits; readonly folder: string },
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0
  let nextLook = LOOK_EVERY_BYTES
  for await (const chunk of chunks) {
    bytes += chunk.length
    requireSane(bytes, packed, limits)
    if (bytes >= nextLook) {
      await requireSpace(folder)
      nextLook = bytes + LOOK_EVERY_BYTES
    }
    yield chunk
  }
}

function requireSane(bytes: number, packed: number, { mostBytes, mostRatio, ratioFromBytes }: UnpackLimits): void {
  if (bytes > mostBytes) throw bomb(packed, `more than ${mostBytes} bytes, the limit`)
  if (bytes > ratioFromBytes && bytes > packed * mostRatio) {
    throw bomb(packed, `more than ${ratioFromBytes} bytes and more than ${mostRatio} times as many, the limit`)
  }
}

const bomb = (packed: number, limit: string): RefitError =>
  new RefitError('UnreadableSource', `its ${packed} bytes unpack to ${limit}`)

async function requireSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize >= SPARE_BYTES) return
  throw new RefitError(
    'StoreUnavailable',
    `Cannot unpack a batch: the scratch folder has ${bavail * bsize} bytes left. Give the worker more scratch space.`,
  )
}
