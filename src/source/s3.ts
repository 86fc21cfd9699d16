/**
 * Objects of a bucket whose keys match. An object that was overwritten is another arrival; keys arrive late and in any
 * order, so every look lists the prefix from its beginning. Nothing is read but the version that was found.
 */
import { type _Object, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { RefitError } from '../errors.js'
import { listFailure, readFailure } from './s3-failure.js'
import { type KeyChoice, keyFilter } from './s3-keys.js'
import { readObject } from './s3-object.js'
import type { BatchSource, Source } from './source.js'
import { writeBatch } from './write-batch.js'

/** Which objects, and how they are reached. */
export interface S3SourceOptions extends KeyChoice {
  readonly bucket: string
  readonly client: Pick<S3Client, 'send'>
}

/** Objects, in the order of their keys, called `s3://BUCKET/KEY`. Sends nothing yet. */
export function createS3Source({ bucket, client, ...choice }: S3SourceOptions): Source {
  const { prefix, has } = keyFilter(choice)
  const root = `s3://${bucket}/`

  const listed = async (token: string | undefined, signal: AbortSignal | undefined) => {
    const request = { Bucket: bucket, Prefix: prefix, ContinuationToken: token }
    return client
      .send(new ListObjectsV2Command(request), signal && { abortSignal: signal })
      .catch((thrown: unknown) => {
        throw listFailure(root + choice.prefix, thrown, signal)
      })
  }

  return {
    async find(known, { limit, signal }) {
      const waiting: BatchSource[] = []
      let token: string | undefined
      do {
        const page = await listed(token, signal)
        for (const { Key, ...object } of page.Contents ?? []) {
          if (Key === undefined || !has(Key)) continue
          const batch = { path: root + Key, ...described(object) }
          if (known.has(batch)) continue
          if (waiting.length === limit) return { batches: waiting, isLast: false }
          waiting.push(batch)
        }
        token = page.NextContinuationToken
      } while (token !== undefined)
      return { batches: waiting, isLast: true }
    },

    async fetch(batch, to, { signal } = {}) {
      const { path, bytes, version } = batch
      const key = path.slice(root.length)
      if (!path.startsWith(root) || !has(key)) throw foreign(path, root + choice.prefix)
      const chunks = readObject({ path, bucket, key, bytes, version }, { client, signal })
      const written = await writeBatch(chunks, to, signal).catch((thrown: unknown) => {
        throw signal?.aborted === true ? readFailure(path, thrown, signal) : thrown
      })
      return { batch: { ...batch, bytes: written.bytes }, sha256: written.sha256 }
    },
  }
}

function described({ Size = 0, LastModified, ETag }: _Object): Omit<BatchSource, 'path'> {
  const modifiedAt = (LastModified ?? new Date(0)).toISOString()
  return { bytes: Size, modifiedAt, ...(ETag === undefined ? {} : { version: ETag }) }
}

/** The permission was given for the keys of the spec, not for whatever is named as a batch. */
function foreign(path: string, place: string): RefitError {
  const reason = `the source of the spec is "${place}". Collect again.`
  return new RefitError('InvalidInput', `Cannot read batch "${path}": ${reason}`)
}
