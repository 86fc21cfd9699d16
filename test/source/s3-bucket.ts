/** Buckets on a real S3 server, read over a way that may break. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { createS3Source } from '../../src/source/s3.js'
import { arrivalKey, type BatchSource, type Known, type Source } from '../../src/source/source.js'
import { sha256OfBytes } from '../../src/storage/digest.js'
import { startMinistack } from '../support/ministack.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { type FaultyProxy, openFaultyProxy } from './faulty-proxy.js'

/** Bytes. */
export const MEBIBYTE = 1024 * 1024

const server = await startMinistack()
if (server.kind === 'running') after(() => server.stop())
/** Why tests of buckets are left out; false when there is a server. */
export const skip = server.kind === 'missing' ? `NOT TESTED: ${server.reason}` : false

/** A fresh bucket, read over a way that may break. */
export interface Bucket {
  readonly name: string
  /** Address of the server itself. */
  readonly server: string
  readonly proxy: FaultyProxy
  /** Each over connections of its own. */
  source(options?: SourceChoice): Source
  put(key: string, body: string | Uint8Array): Promise<void>
  /** Writes an object in parts of 5 MiB, each of other bytes, and tells its SHA-256. */
  putParts(key: string, count: number): Promise<string>
  remove(key: string): Promise<void>
}

/** What else than the whole bucket by way of the proxy. */
export interface SourceChoice {
  readonly prefix?: string
  readonly glob?: string
  readonly bucket?: string
  readonly endpoint?: string
}

/** A bucket of its own for a test. */
export async function freshBucket(t: TestContext): Promise<Bucket> {
  if (server.kind === 'missing') throw new TypeError('These tests are skipped without a server.')
  const name = await server.newBucket()
  const proxy = await openFaultyProxy(t, server.endpoint)
  return {
    name,
    server: server.endpoint,
    proxy,
    source({ endpoint = proxy.endpoint, ...choice } = {}) {
      const client = clientOf(endpoint)
      t.after(() => client.destroy())
      return createS3Source({ bucket: name, prefix: '', glob: '**', client, ...choice })
    },
    async put(Key, Body) {
      await server.client.send(new PutObjectCommand({ Bucket: name, Key, Body }))
    },
    putParts: (Key, count) => putParts(server.client, { Bucket: name, Key }, count),
    async remove(Key) {
      await server.client.send(new DeleteObjectCommand({ Bucket: name, Key }))
    },
  }
}

async function putParts(client: S3Client, object: { readonly Bucket: string; readonly Key: string }, count: number) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object))
  const hash = createHash('sha256')
  const Parts: CompletedPart[] = []
  for (let PartNumber = 1; PartNumber <= count; PartNumber++) {
    const Body = randomBytes(5 * MEBIBYTE)
    hash.update(Body)
    const { ETag } = await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber, Body }))
    Parts.push({ PartNumber, ETag })
  }
  await client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }))
  return hash.digest('hex')
}

const clientOf = (endpoint: string): S3Client =>
  new S3Client({
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    region: 'us-east-1',
    forcePathStyle: true,
    requestHandler: { socketTimeout: 3_000 },
  })

/** A test with a bucket of its own. */
export function check(title: string, run: (t: TestContext, bucket: Bucket) => Promise<void>): void {
  test(title, { skip }, async (t) => run(t, await freshBucket(t)))
}

/** Nothing was committed. */
export const NOTHING: Known = { has: () => false, cursor: () => '' }
/** These were committed. */
export const knowing = (...batches: readonly BatchSource[]): Known => {
  const keys = new Set(batches.map(arrivalKey))
  return { has: (batch) => keys.has(arrivalKey(batch)), cursor: () => '' }
}
/** Their keys. */
export const keysOf = (batches: readonly BatchSource[], { name }: Bucket) =>
  batches.map(({ path }) => path.slice(`s3://${name}/`.length))

/** The one batch that waits. */
export async function only(source: Source, known = NOTHING): Promise<BatchSource> {
  const { batches } = await source.find(known, { limit: 2 })
  assert.equal(batches.length, 1)
  return batches[0] ?? assert.fail()
}

/** The bytes of a batch. */
export async function read(t: TestContext, source: Source, batch: BatchSource): Promise<Buffer> {
  const to = join(await temporaryFolder(t), 'batch')
  const fetched = await source.fetch(batch, to)
  const bytes = await readFile(to)
  assert.equal(fetched?.sha256, sha256OfBytes(bytes))
  return bytes
}
