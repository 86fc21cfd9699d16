/** The bytes of one object, over as many connections as it takes. */
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { messageOf } from '../errors.js'
import { brokenOff, changed, readFailure } from './s3-failure.js'

/** Breaks in succession that are borne; a network that breaks more often needs a longer pause than this one. */
const MOST_BREAKS = 5
/** What a connection must have carried for its break not to count as another in succession. */
const PROGRESS_BYTES = 8 * 1024 * 1024
/** The first pause after a break; each one in succession is twice as long. */
const PAUSE_MS = 100

/** An object as it was found. */
export interface FoundObject {
  /** How the batch is called, for messages. */
  readonly path: string
  readonly bucket: string
  readonly key: string
  readonly bytes: number
  /** Its ETag: other bytes are refused by the server. */
  readonly version: string | undefined
}

/** How it is read. */
export interface Reading {
  readonly client: Pick<S3Client, 'send'>
  readonly signal?: AbortSignal | undefined
}

/**
 * Streams an object from its first byte to its last; where a connection breaks, another one goes on. Rejects as `fetch` of
 * the port does, also when the object has another size than was found.
 */
export async function* readObject(object: FoundObject, reading: Reading): AsyncGenerator<Uint8Array> {
  const { path, bytes, version } = object
  let position = 0
  for (let breaks = 0; ; ) {
    const { sent, broken } = yield* passOn(await openAt(position, object, reading))
    position += sent
    if (position === bytes && broken === undefined) return
    if (reading.signal?.aborted === true) throw readFailure(path, broken, reading.signal)
    if (position > bytes) throw changed(path)
    breaks = sent < PROGRESS_BYTES ? breaks + 1 : 1
    // Without an ETag nothing would tell whether the rest belongs to what was read.
    if (!isBreak(broken) || breaks > MOST_BREAKS || version === undefined) {
      const reason = broken === undefined ? 'the answer ended early' : messageOf(broken)
      throw brokenOff(path, `the connection broke after ${position} of ${bytes} bytes (${reason})`, broken)
    }
    await sleep(PAUSE_MS * 2 ** (breaks - 1), undefined, { signal: reading.signal }).catch((thrown: unknown) => {
      throw readFailure(path, thrown, reading.signal)
    })
  }
}

interface Passed {
  /** Bytes that were passed on. */
  readonly sent: number
  /** What ended it, but for an end. */
  readonly broken: unknown
}

async function* passOn(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, Passed> {
  let sent = 0
  try {
    for await (const chunk of body) {
      sent += chunk.length
      yield chunk
    }
    return { sent, broken: undefined }
  } catch (broken) {
    return { sent, broken }
  }
}

/** Whether the rest may be asked for. Bytes that do not have their checksum are wrong, though the rest came well. */
function isBreak(broken: unknown): boolean {
  if (broken === undefined) return true
  return broken instanceof Error && ('code' in broken || broken.name === 'TimeoutError')
}

/** The answer from a position on. A request that gets none was sent three times by the SDK: that is final. */
async function openAt(position: number, object: FoundObject, { client, signal }: Reading): Promise<Readable> {
  const { path, bucket, key, bytes, version } = object
  const range = position === 0 ? {} : { Range: `bytes=${position}-` }
  const get = new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: version, ...range })
  const answer = await client.send(get, signal && { abortSignal: signal }).catch((thrown: unknown) => {
    throw readFailure(path, thrown, signal)
  })
  const { Body, ContentLength = bytes - position, ContentRange } = answer
  if (!(Body instanceof Readable)) throw brokenOff(path, 'the answer has no body')
  if (position > 0 && ContentRange?.startsWith(`bytes ${position}-`) !== true) {
    Body.destroy()
    throw brokenOff(
      path,
      `after ${position} of ${bytes} bytes the connection broke, and the server cannot go on from there`,
    )
  }
  if (ContentLength !== bytes - position) {
    Body.destroy()
    throw changed(path)
  }
  return Body
}
