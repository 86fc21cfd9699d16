/** The bytes of a push as they arrive: unpacked, never more than the limit, and never wholly in memory. */
import { pipeline, Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { createGunzip } from 'node:zlib'
import { HTTPException } from 'hono/http-exception'
import { messageOf } from '../../errors.js'

/** What is known of a body before it is read. */
export interface PushBody {
  readonly body: ReadableStream<Uint8Array> | null
  readonly isGzipped: boolean
  /** Most bytes, unpacked. */
  readonly maxBytes: number
}

/**
 * The bytes of a body. Throws an `HTTPException`: 413 when there are more than allowed, 400 when it ends too early or is
 * not the gzip that it is said to be.
 */
export async function* pushBody({ body, isGzipped, maxBytes }: PushBody): AsyncIterable<Uint8Array> {
  let bytes = 0
  for await (const chunk of unpacked(body, isGzipped)) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    yield chunk
  }
}

function tooLarge(maxBytes: number): HTTPException {
  const megabytes = Math.floor(maxBytes / 1_048_576)
  return new HTTPException(413, {
    message: `body: expected at most ${megabytes} MB unpacked, got more. Send it in parts, each with a key of its own.`,
  })
}

async function* unpacked(body: PushBody['body'], isGzipped: boolean): AsyncIterable<Uint8Array> {
  if (body === null) return
  const raw = Readable.fromWeb(body)
  // An error on either side ends both, and is thrown where the last one is read.
  const stream = isGzipped ? pipeline(raw, createGunzip(), () => undefined) : raw
  try {
    for await (const chunk of stream) yield chunk
  } catch (thrown) {
    const wayOut = isGzipped ? 'Send it whole, as one gzip, or without Content-Encoding.' : 'Send it whole.'
    throw new HTTPException(400, { message: `body: cannot be read, ${messageOf(thrown)}. ${wayOut}`, cause: thrown })
  } finally {
    raw.destroy()
  }
}
