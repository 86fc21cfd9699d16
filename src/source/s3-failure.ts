/** Turns what S3 and the way to it throw into what the port of a source promises. */
import { messageOf, RefitError } from '../errors.js'
import { s3ErrorName, s3Status } from '../storage/s3-errors.js'

/** Names that S3 gives to a refusal of who asks; some come with status 400. */
const REFUSALS = [
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidToken',
  'TokenRefreshRequired',
  'RequestTimeTooSkewed',
]
/** Names that S3 gives to a request that reached another region than the bucket's. */
const WRONG_REGION = ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException']

/** Why keys could not be listed. `what` names the bucket, and the prefix where there is one. */
export function listFailure(what: string, thrown: unknown, signal?: AbortSignal): RefitError {
  return placeFailure(`Cannot look for batches in "${what}"`, thrown, signal)
}

/** Why the object of a batch could not be read. */
export function readFailure(path: string, thrown: unknown, signal?: AbortSignal): RefitError {
  const what = `Cannot read batch "${path}"`
  if (signal?.aborted !== true) {
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
  if (s3ErrorName(thrown) === 'NoSuchBucket') {
    const wayOut = 'Create it, or correct data.source.bucket of the spec.'
    return new RefitError('NotFound', `${what}: there is no such bucket. ${wayOut}`, {
      permanent: false,
      cause: thrown,
    })
  }
  return new RefitError('SourceUnavailable', `${what}: ${reasonOf(thrown)}`, { cause: thrown })
}

function reasonOf(thrown: unknown): string {
  const name = s3ErrorName(thrown) ?? 'unknown'
  const status = s3Status(thrown)
  const said = messageOf(thrown)
  if (name === 'CredentialsProviderError') {
    return `no credentials were found (${said}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role, for the worker.`
  }
  if (said === 'Region is missing') return 'no region is set. Set data.source.region of the spec, or AWS_REGION.'
  if (WRONG_REGION.includes(name))
    return `the bucket is in another region (${name}). Correct data.source.region of the spec.`
  if (status === 401 || status === 403 || REFUSALS.includes(name)) {
    const rights = 's3:GetObject on its objects and s3:ListBucket on the bucket'
    return `access denied (${name}). Check the worker's AWS credentials, and that they allow ${rights}.`
  }
  if (status === 429 || status === 503) return `it asks to slow down (${name}). Try again later.`
  if (status !== undefined) return `it answered ${status} ${name}: ${said}. Try again; see the cause.`
  return `no answer (${name}: ${said}). Check the network, and data.source.endpoint of the spec where it is set.`
}
