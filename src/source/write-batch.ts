import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'

/** Writes bytes to a file as they come, and tells what was written: the digest and the rows are of the same bytes. */
export async function writeBatch(
  chunks: AsyncIterable<Uint8Array>,
  to: string,
  signal?: AbortSignal,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(
    chunks,
    async function* (passing: AsyncIterable<Uint8Array>) {
      for await (const chunk of passing) {
        hash.update(chunk)
        bytes += chunk.length
        yield chunk
      }
    },
    createWriteStream(to),
    { signal },
  )
  return { bytes, sha256: hash.digest('hex') }
}
