/** Turns what S3 and the way to it throw into what the port promises. */
import { S3ServiceException } from '@aws-sdk/client-s3'
import { messageOf, RefitError } from '../errors.js'

/** What is set where: the same trouble has another way out for a store than for a source of a spec. */
export interface S3Place {
  /** Where its bucket is named. */
  readonly bucket: string
  /** What sets its region. */
  readonly region: string
  /** What sets the address of its server. */
  readonly endpoint: string
  /** What the credentials must allow. */
  readonly rights: string
}

const STORE: S3Place = {
  bucket: 'the address of the store',
  region: 'AWS_REGION',
  endpoint: 'AWS_ENDPOINT_URL',
  rights: 's3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and, on the bucket, s3:ListBucket',
}

/** The error of the port for anything thrown while an S3 store did something with a key. */
export function s3Failure(action: string, key: string, location: string, thrown: unknown): RefitError {
  if (thrown instanceof RefitError) return thrown
  const what = `Cannot ${action} "${key}" in store ${location}`
  const permanent = s3Status(thrown) === 501
  return new RefitError('StoreUnavailable', `${what}: ${s3Reason(thrown, STORE)}`, { cause: thrown, permanent })
}

/** The name of an error of the service or the SDK, such as `NoSuchKey`; `undefined` for anything else. */
export function s3ErrorName(thrown: unknown): string | undefined {
  return thrown instanceof Error ? thrown.name : undefined
}

/** The HTTP status with which the service refused; `undefined` when it did not answer. */
export function s3Status(thrown: unknown): number | undefined {
  return thrown instanceof S3ServiceException ? thrown.$metadata.httpStatusCode : undefined
}

/** Whether it is who asks that was refused, and not what was asked for: all requests fare like this one. */
export const isRefusedCaller = (thrown: unknown): boolean => callerReason(s3ErrorName(thrown), thrown) !== undefined

/** Why S3 did not do it, and the way out, in a sentence or two. */
export function s3Reason(thrown: unknown, place: S3Place): string {
  const name = s3ErrorName(thrown)
  const status = s3Status(thrown)
  const known = callerReason(name, thrown) ?? placeReason(name, thrown, place)
  if (known !== undefined) return known
  if (status === 401 || status === 403) {
    return `access denied${codeOf(name)}. Check the credentials, and that they allow ${place.rights}.`
  }
  if (status === 429 || status === 503) return `it asks to slow down${codeOf(name)}. Try again later.`
  if (status === 501) {
    return (
      `it cannot do what Refit needs${codeOf(name)}. Use a store that honours If-None-Match, such as AWS S3, MinIO or ` +
      'versitygw, or a folder (file:…).'
    )
  }
  if (status !== undefined) return `it answered ${status} ${name}: ${messageOf(thrown)}. Try again; see the cause.`
  return `no answer (${name}: ${messageOf(thrown)}). Check the network, and ${place.endpoint} when it is set.`
}

/** Reason and way out where it is the caller that S3, or the SDK, does not accept; some of these have status 400 or 404. */
function callerReason(name: string | undefined, thrown: unknown): string | undefined {
  switch (name) {
    case 'CredentialsProviderError':
      return `no credentials were found (${messageOf(thrown)}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role.`
    case 'SignatureDoesNotMatch':
      return `the secret key is not the one of this access key${codeOf(name)}. Correct AWS_SECRET_ACCESS_KEY, or the profile.`
    // The second is versitygw's.
    case 'InvalidAccessKeyId':
    case 'XAdminUserNotFound':
      return `nobody has this access key${codeOf(name)}. Correct AWS_ACCESS_KEY_ID, or the profile, or AWS_ENDPOINT_URL.`
    case 'ExpiredToken':
    case 'ExpiredTokenException':
    case 'InvalidToken':
    case 'TokenRefreshRequired':
      return `the session has ended${codeOf(name)}. Get new credentials, with their AWS_SESSION_TOKEN.`
    case 'RequestTimeTooSkewed':
      return `the clocks of this host and the server differ too much${codeOf(name)}. Set this host's clock.`
    default:
      return undefined
  }
}

/** Reason and way out of what else has a name of its own; `undefined` for what its status tells as well. */
function placeReason(name: string | undefined, thrown: unknown, place: S3Place): string | undefined {
  switch (name) {
    case 'NoSuchBucket':
      return `there is no such bucket. Create it, or correct ${place.bucket}.`
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
      return `the bucket is in another region${codeOf(name)}. Set ${place.region} to it.`
    // Servers that keep objects as files. No two keys of Refit collide so: somebody else's object is in the way.
    case 'ObjectParentIsFile':
    case 'ExistingObjectIsDirectory':
      return `an object that is not Refit's is at the place of a folder, or the reverse${codeOf(name)}. Remove it.`
    default:
      return messageOf(thrown) === 'Region is missing' ? `no region is set. Set ${place.region}.` : undefined
  }
}

/** What the server calls it, in brackets. The answer to a HEAD has no name, and the SDK says so in words of its own. */
function codeOf(name: string | undefined): string {
  return name === undefined || /^(Unknown|UnknownError|\d+)$/.test(name) ? '' : ` (${name})`
}
