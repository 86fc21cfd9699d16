/** Turns what S3 and the way to it throw into what the port of a source promises. */
import { RefitError } from '../errors.js'
import { isRefusedCaller, type S3Place, s3ErrorName, s3Reason, s3Status } from '../storage/s3-errors.js'

const SOURCE: S3Place = {
  bucket: 'data.source.bucket of the spec',
  region: 'data.source.region of the spec',
  endpoint: 'data.source.endpoint of the spec',
  rights: 's3:GetObject on its objects and s3:ListBucket on the bucket',
}

/** Why keys could not be listed. `what` names the bucket, and the prefix where there is one. */
export function listFailure(what: string, thrown: unknown, signal?: AbortSignal): RefitError {
  return placeFailure(`Cannot look for batches in "${what}"`, thrown, signal)
}

/** Why the object of a batch could not be read. */
export function readFailure(path: string, thrown: unknown, signal?: AbortSignal): RefitError {
  const what = `Cannot read batch "${path}"`
  if (signal?.aborted !== true && !isRefusedCaller(thrown)) {
    if (s3Status(thrown) === 412) return changed(path, thrown)
    // An archived object and a deleted one concern this batch alone; a bucket that is gone concerns all.
    if (s3ErrorName(thrown) === 'InvalidObjectState') {
      return unreadable(`${what}: it is archived. Restore it, or move it to a storage class that can be read.`, thrown)
    }
    if (s3Status(thrown) === 404 && s3ErrorName(thrown) !== 'NoSuchBucket') {
      return unreadable(`${what}: it was deleted after it was found. Write it again, or ignore it.`, thrown)
    }
  }
  return placeFailure(what, thrown, signal)
}

/** The bytes are others than those that were found. */
export function changed(path: string, cause?: unknown): RefitError {
  const reason = 'it was overwritten after it was found. It will be found again as another batch.'
  return unreadable(`Cannot read batch "${path}": ${reason}`, cause)
}

/** The connection broke, and there is no going on from there. */
export function brokenOff(path: string, reason: string, cause?: unknown): RefitError {
  const message = `Cannot read batch "${path}": ${reason}. Check the network between the worker and S3.`
  return new RefitError('SourceUnavailable', message, { cause })
}

const unreadable = (message: string, cause: unknown): RefitError =>
  new RefitError('UnreadableSource', message, { permanent: false, cause })

function placeFailure(what: string, thrown: unknown, signal: AbortSignal | undefined): RefitError {
  if (thrown instanceof RefitError) return thrown
  if (signal?.aborted === true) return new RefitError('Cancelled', `${what}: the caller stopped it.`, { cause: thrown })
  const message = `${what}: ${s3Reason(thrown, SOURCE)}`
  const isThere = s3ErrorName(thrown) !== 'NoSuchBucket'
  return new RefitError(isThere ? 'SourceUnavailable' : 'NotFound', message, { permanent: false, cause: thrown })
}
