/**
 * The store in an S3 bucket, or a server that speaks S3 and honours `If-None-Match: *` (AWS, MinIO, versitygw, …).
 *
 * 1. `create` is a conditional put: 412 means that the key exists. 409 means that another put was under way: again.
 * 2. The SDK repeats requests whose answer was lost. A repeated put of an object that had landed is refused with 412,
 *    so `create` can answer `false` to the caller that won. `log.ts` settles it by reading back the id of the entry;
 *    for content-addressed objects it makes no difference.
 * 3. Only the service's own `NoSuchKey` means "absent"; every other failure is `StoreUnavailable`.
 * 4. A local copy is kept by key and ETag, and used again only if its bytes still have the digest of the download.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { RefitError } from '../errors.js'
import { sha256OfBytes } from './digest.js'
import { checkKey, checkPrefix } from './key.js'
import { S3Cache } from './s3-cache.js'
import { s3ErrorName, s3Failure, s3Status } from './s3-errors.js'
import { uploadIfAbsent } from './s3-upload.js'
import { checkDigest, checkSource, reading } from './source-file.js'
import type { Storage } from './storage.js'

/** Larger files go in parts; a put of this size is one request of a second or so. */
const SINGLE_PUT_BYTES = 16 * 1024 * 1024
/** A conflict lasts as long as the other's put; ten tries with pauses up to half a second outlast one of seconds. */
const CONFLICT_TRIES = 10

/** Where the bucket is and how it is reached. */
export interface S3StorageOptions {
  readonly bucket: string
  /** Begins every key, without slashes around it; empty for the whole bucket. */
  readonly prefix: string
  /** Folder of this host for local copies. Copies that were not used for a week are removed. */
  readonly cacheFolder: string
  readonly client: Pick<S3Client, 'send'>
}

/** The store under a prefix of a bucket. Sends nothing yet; `openStorage` also probes it. */
export function createS3Storage(options: S3StorageOptions): Storage {
  return new S3Storage(options)
}

class S3Storage implements Storage {
  readonly location: string
  readonly #client: Pick<S3Client, 'send'>
  readonly #bucket: string
  /** Empty, or with a `/` at its end. */
  readonly #root: string
  readonly #cache: S3Cache

  constructor({ bucket, prefix, cacheFolder, client }: S3StorageOptions) {
    this.location = prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`
    this.#client = client
    this.#bucket = bucket
    this.#root = prefix === '' ? '' : `${prefix}/`
    this.#cache = new S3Cache(cacheFolder)
  }

  create(key: string, body: Uint8Array): Promise<boolean> {
    return this.#guarded('create', key, async (target) => {
      const put = new PutObjectCommand({ ...target, Body: body, IfNoneMatch: '*' })
      return createdUnlessTaken(() => this.#client.send(put))
    })
  }

  async createFromFile(key: string, path: string, sha256?: string): Promise<boolean> {
    const bytes = await checkSource(path)
    if (bytes > SINGLE_PUT_BYTES) return this.#createFromLargeFile(key, path, { bytes, sha256 })
    const body = await reading(path, () => readFile(path))
    if (sha256 !== undefined) checkDigest(path, sha256, sha256OfBytes(body))
    return this.create(key, body)
  }

  read(key: string): Promise<Uint8Array | undefined> {
    return this.#guarded('read', key, async (target) => {
      const found = await this.#client.send(new GetObjectCommand(target)).catch(absentAsUndefined)
      return found?.Body?.transformToByteArray()
    })
  }

  async *list(prefix: string, after?: string): AsyncIterable<string> {
    checkPrefix(prefix)
    let token: string | undefined
    do {
      const page = await this.#page(prefix, after, token)
      for (const { Key } of page.Contents ?? []) {
        if (Key !== undefined) yield Key.slice(this.#root.length)
      }
      token = page.NextContinuationToken
    } while (token !== undefined)
  }

  async replace(key: string, body: Uint8Array): Promise<void> {
    await this.#guarded('replace', key, (target) => this.#client.send(new PutObjectCommand({ ...target, Body: body })))
  }

  async remove(key: string): Promise<void> {
    await this.#guarded('remove', key, (target) => this.#client.send(new DeleteObjectCommand(target)))
  }

  toLocalFile(key: string): Promise<string> {
    return this.#guarded('read', key, async (target) => {
      const head = await this.#client.send(new HeadObjectCommand(target)).catch((thrown: unknown) => {
        // A missing bucket answers a HEAD with the same bare 404: the GET below tells them apart.
        if (s3Status(thrown) !== 404) throw thrown
      })
      const version = `${this.location}/${key} ${head?.ETag}`
      const copy = head === undefined ? undefined : await this.#cache.find(key, version)
      if (copy !== undefined) return copy
      const found = await this.#client.send(new GetObjectCommand(target)).catch(absentAsUndefined)
      if (found?.Body === undefined) {
        throw new RefitError('NotFound', `Cannot read "${key}" in store ${this.location}: there is no such object.`)
      }
      const body = found.Body.transformToWebStream()
      return this.#cache.add(key, `${this.location}/${key} ${found.ETag}`, { body, bytes: found.ContentLength })
    })
  }

  async #createFromLargeFile(
    key: string,
    path: string,
    expected: { readonly bytes: number; readonly sha256: string | undefined },
  ): Promise<boolean> {
    return this.#guarded('create', key, async (target) => {
      // Only saves the transfer of an object that is there; whether it is created is decided by the last step.
      if (await this.#exists(target)) return false
      const upload = { client: this.#client, bucket: target.Bucket, key: target.Key, path, ...expected }
      return createdUnlessTaken(() => uploadIfAbsent(upload))
    })
  }

  async #exists(target: Target): Promise<boolean> {
    try {
      await this.#client.send(new HeadObjectCommand(target))
      return true
    } catch (thrown) {
      if (s3Status(thrown) === 404) return false
      throw thrown
    }
  }

  #page(prefix: string, after: string | undefined, token: string | undefined) {
    const start = token === undefined ? after && { StartAfter: this.#root + after } : { ContinuationToken: token }
    const request = { Bucket: this.#bucket, Prefix: this.#root + prefix, ...(start || {}) }
    return this.#client.send(new ListObjectsV2Command(request)).catch((thrown: unknown) => {
      throw s3Failure('list', prefix, this.location, thrown)
    })
  }

  async #guarded<T>(action: string, key: string, run: (target: Target) => Promise<T>): Promise<T> {
    const target = { Bucket: this.#bucket, Key: this.#root + checkKey(key) }
    try {
      return await run(target)
    } catch (thrown) {
      throw s3Failure(action, key, this.location, thrown)
    }
  }
}

interface Target {
  readonly Bucket: string
  readonly Key: string
}

/** Sends a conditional write until it is decided: `true` when it created the object, `false` when the key exists. */
async function createdUnlessTaken(write: () => Promise<unknown>): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      await write()
      return true
    } catch (thrown) {
      if (s3Status(thrown) === 412) return false
      if (s3ErrorName(thrown) !== 'ConditionalRequestConflict' || attempt === CONFLICT_TRIES) throw thrown
    }
    // Random, so that writers that met once do not meet again.
    await sleep(Math.random() * Math.min(500, 20 * 2 ** attempt))
  }
}

/** For `catch` of a GET. A server that denies listing answers 403 for an absent key, which is no answer. */
function absentAsUndefined(thrown: unknown): undefined {
  if (s3ErrorName(thrown) !== 'NoSuchKey') throw thrown
  return undefined
}
