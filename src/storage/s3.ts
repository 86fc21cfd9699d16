/**
 * The store in an S3 bucket, or a server that speaks S3 and honours `If-None-Match: *` (AWS, MinIO, versitygw, …).
 *
 * 1. `create` is a conditional write; `s3-create.ts` finds out whose object it is when an answer was lost.
 * 2. Large files go in parts, each with its CRC-32, which the server checks when it gets the part and when it joins them.
 * 3. Only the service's own `NoSuchKey` means "absent"; every other failure is `StoreUnavailable`.
 * 4. A local copy is kept by key and ETag, and used again only if its bytes still have the digest of the download.
 */
import { readFile } from 'node:fs/promises'
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
import { checkKey, checkPrefix, isKey } from './key.js'
import { S3Cache } from './s3-cache.js'
import { createIfAbsent, type S3Target } from './s3-create.js'
import { s3ErrorName, s3Failure, s3Status } from './s3-errors.js'
import { uploadIfAbsent } from './s3-upload.js'
import { checkDigest, checkSource, reading } from './source-file.js'
import type { ObjectStat, Storage } from './storage.js'

/** Larger files go in parts; a put of this size is one request of a second or so. */
const SINGLE_PUT_BYTES = 16 * 1024 * 1024

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
    return this.#guarded('create', key, (target) =>
      createIfAbsent(this.#client, target, (mark) =>
        this.#client.send(new PutObjectCommand({ ...target, ...mark, Body: body, IfNoneMatch: '*' })),
      ),
    )
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
        const key = Key?.slice(this.#root.length)
        // What is no key was not made by the store: somebody put it there, or a console made a folder.
        if (key !== undefined && isKey(key)) yield key
      }
      token = page.NextContinuationToken
    } while (token !== undefined)
  }

  stat(key: string): Promise<ObjectStat | undefined> {
    return this.#guarded('look at', key, async (target) => {
      const found = await this.#client.send(new HeadObjectCommand(target)).catch((thrown: unknown) => {
        if (s3Status(thrown) !== 404) throw thrown
        return undefined
      })
      // A missing bucket answers a HEAD with the same bare 404: the GET tells them apart.
      if (found === undefined) await this.read(key)
      return found && { bytes: found.ContentLength ?? 0, modifiedAt: found.LastModified ?? new Date() }
    })
  }

  async replace(key: string, body: Uint8Array): Promise<void> {
    await this.#guarded('replace', key, (target) => this.#client.send(new PutObjectCommand({ ...target, Body: body })))
  }

  async remove(key: string): Promise<void> {
    await this.#guarded('remove', key, (target) => this.#client.send(new DeleteObjectCommand(target)))
    await this.#cache.forget(key)
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
      return createIfAbsent(this.#client, target, (mark) =>
        uploadIfAbsent({ client: this.#client, target: { ...target, ...mark }, path, ...expected }),
      )
    })
  }

  async #exists(target: S3Target): Promise<boolean> {
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

  async #guarded<T>(action: string, key: string, run: (target: S3Target) => Promise<T>): Promise<T> {
    const target = { Bucket: this.#bucket, Key: this.#root + checkKey(key) }
    try {
      return await run(target)
    } catch (thrown) {
      throw s3Failure(action, key, this.location, thrown)
    }
  }
}

/** For `catch` of a GET. A server that denies listing answers 403 for an absent key, which is no answer. */
function absentAsUndefined(thrown: unknown): undefined {
  if (s3ErrorName(thrown) !== 'NoSuchKey') throw thrown
  return undefined
}
