/** Large files to S3: a multipart upload that only becomes an object, if absent, when its last step succeeds. */
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { CreateMark, S3Target } from './s3-create.js'
import { checkDigest, reading } from './source-file.js'

/** S3 allows no more parts. */
const MAX_PARTS = 10_000
/** Parts in flight: together with the part size the memory of one upload, 32 MiB for files below 80 GB. */
const PARALLEL = 4
const PART_BYTES = 8 * 1024 * 1024

/** A file to upload, and what it must hold. */
export interface Upload {
  readonly client: Pick<S3Client, 'send'>
  readonly target: S3Target & CreateMark
  readonly path: string
  readonly bytes: number
  readonly sha256: string | undefined
}

/**
 * Uploads a file unless the key exists; rejects with the service's error, `PreconditionFailed` when the key exists.
 * Parts of an upload whose process was killed stay in the bucket, invisible: give the bucket a lifecycle rule that
 * aborts incomplete multipart uploads after a day.
 */
export async function uploadIfAbsent(upload: Upload): Promise<void> {
  const { Bucket, Key } = upload.target
  const create = new CreateMultipartUploadCommand({ ...upload.target, ChecksumAlgorithm: 'CRC32' })
  const started = { Bucket, Key, UploadId: (await upload.client.send(create)).UploadId }
  try {
    const parts = await uploadParts(upload, started)
    await upload.client.send(
      new CompleteMultipartUploadCommand({ ...started, IfNoneMatch: '*', MultipartUpload: { Parts: parts } }),
    )
  } catch (thrown) {
    // The first error matters. What this leaves behind is invisible, and the bucket's lifecycle rule removes it.
    await upload.client.send(new AbortMultipartUploadCommand(started)).catch(() => undefined)
    throw thrown
  }
}

interface Started extends S3Target {
  readonly UploadId: string | undefined
}

async function uploadParts(upload: Upload, started: Started): Promise<CompletedPart[]> {
  const partBytes = Math.max(PART_BYTES, Math.ceil(upload.bytes / MAX_PARTS))
  const count = Math.ceil(upload.bytes / partBytes)
  const hash = createHash('sha256')
  const file = await reading(upload.path, () => open(upload.path, 'r'))
  try {
    const parts: CompletedPart[] = []
    while (parts.length < count) {
      // Read in order, since the digest is of the whole; send together.
      const bodies: Buffer[] = []
      const last = Math.min(count, parts.length + PARALLEL)
      for (let index = parts.length; index < last; index++) {
        const bytes = Math.min(partBytes, upload.bytes - index * partBytes)
        const body = await reading(upload.path, () => readPart(file, bytes))
        hash.update(body)
        bodies.push(body)
      }
      const firstNumber = parts.length + 1
      const sent = bodies.map((body, index) => sendPart(upload.client, started, firstNumber + index, body))
      // All of them, also when one failed: a part that is still under way outlives the abort.
      await Promise.allSettled(sent)
      parts.push(...(await Promise.all(sent)))
    }
    if (upload.sha256 !== undefined) checkDigest(upload.path, upload.sha256, hash.digest('hex'))
    return parts
  } finally {
    await file.close()
  }
}

async function readPart(file: FileHandle, bytes: number): Promise<Buffer> {
  const body = Buffer.allocUnsafe(bytes)
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await file.read(body, filled, bytes - filled)
    if (bytesRead === 0) throw new TypeError('it became shorter while it was read')
    filled += bytesRead
  }
  return body
}

async function sendPart(
  client: Upload['client'],
  started: Started,
  number: number,
  body: Buffer,
): Promise<CompletedPart> {
  const request = { ...started, PartNumber: number, Body: body, ChecksumAlgorithm: 'CRC32' as const }
  const sent = await client.send(new UploadPartCommand(request))
  // Servers that check parts on completion want the CRC that the SDK computed and the server confirmed.
  const checksum = sent.ChecksumCRC32 === undefined ? {} : { ChecksumCRC32: sent.ChecksumCRC32 }
  return { PartNumber: number, ETag: sent.ETag, ...checksum }
}
