/** Turns what S3 and the way to it throw into what the port promises. */
import { S3ServiceException } from '@aws-sdk/client-s3'
import { messageOf, RefitError } from '../errors.js'

/** The error of the port for anything thrown while an S3 store did something with a key. */
export function s3Failure(action: string, key: string, location: string, thrown: unknown): RefitError {
  if (thrown instanceof RefitError) return thrown
  const what = `Cannot ${action} "${key}" in store ${location}`
  return new RefitError('StoreUnavailable', `${what}: ${reasonOf(thrown)}`, { cause: thrown })
}

/** The name of an error of the service or the SDK, such as `NoSuchKey`; `undefined` for anything else. */
export function s3ErrorName(thrown: unknown): string | undefined {
  return thrown instanceof Error ? thrown.name : undefined
}

/** The HTTP status with which the service refused; `undefined` when it did not answer. */
export function s3Status(thrown: unknown): number | undefined {
  return thrown instanceof S3ServiceException ? thrown.$metadata.httpStatusCode : undefined
}

function reasonOf(thrown: unknown): string {
  const name = s3ErrorName(thrown)
  const status = s3Status(thrown)
  if (name === 'NoSuchBucket') return 'there is no such bucket. Create it, or correct the address of the store.'
  if (name === 'CredentialsProviderError') {
    return `no credentials were found (${messageOf(thrown)}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role.`
  }
  if (status === 401 || status === 403) {
    return (
      `access denied (${name}). Check the credentials, and that they allow s3:GetObject, s3:PutObject, ` +
      's3:DeleteObject, s3:AbortMultipartUpload and, on the bucket, s3:ListBucket.'
    )
  }
  if (status === 429 || status === 503) return `it asks to slow down (${name}). Try again later.`
  if (status !== undefined) return `it answered ${status} ${name}: ${messageOf(thrown)}. Try again; see the cause.`
  return `no answer (${name}: ${messageOf(thrown)}). Check the network, and AWS_ENDPOINT_URL when it is set.`
}
