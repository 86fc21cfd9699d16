/**
 * Creating an object in S3 only if its key is absent, with an answer that is true whatever happened on the way.
 *
 * 1. A conditional write is refused with 412 when the key exists, and with 409 when another write of the key was under
 *    way: then it is sent again, since the other one may have failed.
 * 2. The SDK, or a proxy, sends a request again when its answer was lost. When the first had landed, the second is refused
 *    with 412 though the object is this caller's. So each create has its own random mark in the object's metadata, and
 *    after a refusal, or no answer at all, the object is asked whose it is.
 * 3. No answer and no object means that the write may still land: nothing can be said, and the create rejects.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { RefitError } from '../errors.js'
import { s3ErrorName, s3Status } from './s3-errors.js'

/** A conflict lasts as long as the other's write; ten tries with pauses up to half a second outlast one of seconds. */
const CONFLICT_TRIES = 10
/** Name of the mark; HTTP makes it `x-amz-meta-refit-create`. */
const MARK = 'refit-create'

/** One object of a bucket. */
export interface S3Target {
  readonly Bucket: string
  readonly Key: string
}

/** What a conditional write must send along, so that its object can be told from everybody else's. */
export interface CreateMark {
  readonly Metadata: Record<string, string>
}

/**
 * Runs a write that carries `If-None-Match: *` and the mark until it is decided: `true` when it created the object,
 * `false` when the key has another one. Rejects with what was thrown when neither can be known.
 */
export async function createIfAbsent(
  client: Pick<S3Client, 'send'>,
  target: S3Target,
  write: (mark: CreateMark) => Promise<unknown>,
): Promise<boolean> {
  const mark = randomUUID()
  for (let attempt = 1; ; attempt++) {
    try {
      await write({ Metadata: { [MARK]: mark } })
      return true
    } catch (thrown) {
      if (!isConflict(thrown) || attempt === CONFLICT_TRIES) return settle(client, target, { mark, thrown })
    }
    // Random, so that writers that met once do not meet again.
    await sleep(Math.random() * Math.min(500, 20 * 2 ** attempt))
  }
}

/** Finds out what became of a write that was refused, or that got no answer. */
async function settle(
  client: Pick<S3Client, 'send'>,
  target: S3Target,
  { mark, thrown }: { readonly mark: string; readonly thrown: unknown },
): Promise<boolean> {
  const isRefused = s3Status(thrown) === 412
  if (!isRefused && !mayHaveLanded(thrown)) throw thrown
  const found = await client.send(new HeadObjectCommand(target)).catch((failure: unknown) => {
    // Absent after a refusal: the object that was in the way was removed since. It was not this caller's, which nobody
    // knows of yet.
    if (isRefused && s3Status(failure) === 404) return undefined
    throw isRefused ? failure : thrown
  })
  return found?.Metadata?.[MARK] === mark
}

/** Whether an error leaves it open what the server did: no answer, or a failure of its own. */
function mayHaveLanded(thrown: unknown): boolean {
  // A fault of the file that was to be stored: nothing was sent that could create the object.
  if (thrown instanceof RefitError) return false
  const status = s3Status(thrown)
  // 404 is what a multipart upload answers that was completed by an earlier request; 409 a conflict that did not end.
  return status === undefined || status >= 500 || isConflict(thrown) || s3ErrorName(thrown) === 'NoSuchUpload'
}

/** AWS names the first; the second is its general "somebody else is at it". Other 409s are no conflicts of writers. */
function isConflict(thrown: unknown): boolean {
  const name = s3ErrorName(thrown)
  return name === 'ConditionalRequestConflict' || name === 'OperationAborted'
}
