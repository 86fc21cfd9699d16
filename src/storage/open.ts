/** From the address an operator writes to a store that was probed. */
import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { RefitError } from '../errors.js'
import { checkRoot } from './key.js'
import { createLocalStorage } from './local.js'
import { createS3Storage } from './s3.js'
import { createS3Client } from './s3-client.js'
import type { Storage } from './storage.js'

const S3_ADDRESS = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*?))?\/*$/

/**
 * Opens the store at `file:FOLDER` (absolute, or relative to the working directory) or `s3://BUCKET/PREFIX`, and probes
 * it. Region, credentials and server of S3 come from the AWS SDK's usual environment (`AWS_REGION`,
 * `AWS_ACCESS_KEY_ID`, …, `AWS_ENDPOINT_URL`); with a server of one's own, buckets are addressed by path. `cacheFolder`
 * holds local copies.
 *
 * `mustExist` refuses an empty or absent folder instead of making a store of it: it may be a volume that is not mounted.
 *
 * Rejects with `InvalidInput` for an address that is none, and with `StoreUnavailable` when the store does not answer
 * or, permanently, when it cannot create only if absent: without that, two writers would overwrite each other.
 */
export async function openStorage(uri: string, options: OpenOptions): Promise<Storage> {
  if (options.mustExist === true && uri.startsWith('file:')) await requireStore(folderOf(uri))
  const storage = await connect(uri, options.cacheFolder)
  await probe(storage)
  return storage
}

/** How a store is opened. */
export interface OpenOptions {
  readonly cacheFolder: string
  readonly mustExist?: boolean
}

async function requireStore(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  if (names.length > 0) return
  const wayOut = 'Mount its volume, or make a new store with `refit apply`.'
  throw new RefitError('StoreUnavailable', `Cannot open the store in "${folder}": nothing is there. ${wayOut}`)
}

async function connect(uri: string, cacheFolder: string): Promise<Storage> {
  if (uri.startsWith('file:')) return createLocalStorage(folderOf(uri))
  const [, bucket, prefix = ''] = S3_ADDRESS.exec(uri) ?? []
  if (bucket === undefined) throw noAddress(uri)
  if (prefix !== '') checkRoot(prefix)
  return createS3Storage({ bucket, prefix, cacheFolder, client: createS3Client() })
}

function folderOf(uri: string): string {
  const folder = uri.slice('file:'.length)
  if (folder === '') throw noAddress(uri)
  if (!folder.startsWith('//')) return folder
  try {
    return fileURLToPath(uri)
  } catch {
    throw noAddress(uri)
  }
}

/** Creates one fresh key twice: the second must be refused and must leave the first one's bytes. */
export async function probe(storage: Storage): Promise<void> {
  const key = `probe/${randomUUID()}.txt`
  const first = await storage.create(key, Buffer.from('first'))
  const second = await storage.create(key, Buffer.from('second'))
  const kept = await storage.read(key)
  await storage.remove(key)
  if (!second && kept !== undefined && Buffer.from(kept).toString() === 'first') return
  throw new RefitError(
    'StoreUnavailable',
    `Cannot use store ${storage.location}: of two creates of one key the first gave ${first}, the second ${second}, and ` +
      `the object is ${kept === undefined ? 'absent' : `"${Buffer.from(kept).toString()}"`}; expected true, false, ` +
      '"first". Use a store that honours If-None-Match, such as AWS S3, MinIO or versitygw, or a folder (file:…).',
    { permanent: true },
  )
}

function noAddress(uri: string): RefitError {
  return new RefitError(
    'InvalidInput',
    `Cannot open store ${JSON.stringify(uri)}: expected file:FOLDER or s3://BUCKET/PREFIX, for example file:.refit/store.`,
  )
}
