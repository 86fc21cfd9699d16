/** The inbox of a model: what producers pushed, in the order in which it became durable. */
import { z } from 'zod'
import { RefitError } from '../errors.js'
import { sha256OfBytes } from '../storage/digest.js'
import { type Log, type LogEntry, sharedLog } from '../storage/log.js'
import { ObjectRef, putFile } from '../storage/objects.js'
import type { Storage } from '../storage/storage.js'
import { BATCH_FORMATS, type FormatKind } from './source.js'

/** What a producer may call a push: visible ASCII, at most 200 characters. The same key is the same push. */
export const PushKey = z.string().regex(/^[\x21-\x7e]{1,200}$/)

/** One push as the inbox keeps it; the id of its log entry is the key that the producer gave. */
export const Push = z
  .strictObject({
    object: ObjectRef.describe('the bytes as they came, unpacked'),
    format: z.enum(BATCH_FORMATS).describe('how they are read'),
    conflictsWith: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('number of the push that has its key and other bytes; both were acknowledged'),
  })
  .readonly()
/** One push as the inbox keeps it. */
export type Push = z.infer<typeof Push>

/** A push whose bytes are in a local file, unpacked. */
export interface ReceivedPush {
  readonly key: string
  readonly format: FormatKind
  readonly path: string
}

/** The log of what was pushed to a model. */
export const inboxLog = (storage: Storage, model: string): Log<Push> =>
  sharedLog(storage, `datasets/${model}/inbox/log`, Push)

const EXTENSIONS: Readonly<Record<FormatKind, string>> = { csv: '.csv', json: '.jsonl', parquet: '.parquet' }

/** Ending of an object with the bytes of a push. */
export const extensionOf = (format: FormatKind): string => EXTENSIONS[format]

/** Where a push is, and whether this call put it there. */
export interface StoredPush {
  readonly entry: LogEntry<Push>
  readonly isNew: boolean
  /** Digest of the bytes that were to be stored; the entry of a known key may have others. */
  readonly sha256: string
}

/**
 * Puts a push into the inbox: the bytes first, then the entry that counts. A key that is known changes nothing, whatever
 * the bytes are. Rejects with `StoreUnavailable`; then it may have landed nevertheless, and may be repeated.
 */
export async function storePush(storage: Storage, model: string, push: ReceivedPush): Promise<StoredPush> {
  return enter(storage, model, push.key, await putBytes(storage, model, push))
}

/**
 * As `storePush`, for a push that was acknowledged: when its key has other bytes in the inbox, it gets an entry of its
 * own, as none of the two may be lost. No producer can give the key of that entry, which has a space.
 */
export async function storeAcknowledged(storage: Storage, model: string, push: ReceivedPush): Promise<StoredPush> {
  const body = await putBytes(storage, model, push)
  const stored = await enter(storage, model, push.key, body)
  const { entry, sha256 } = stored
  if (entry.body.object.sha256 === sha256) return stored
  return enter(storage, model, `${push.key} ${sha256}`, { ...body, conflictsWith: entry.seq })
}

/** Folder of the bytes of what was pushed to a model. */
export const inboxObjects = (model: string): string => `datasets/${model}/inbox/objects`

/** Each key has a folder: bytes that another push has too are objects of their own, and go with the push that they came by. */
async function putBytes(storage: Storage, model: string, { key, format, path }: ReceivedPush): Promise<Push> {
  const extension = extensionOf(format)
  const folder = `${inboxObjects(model)}/${sha256OfBytes(Buffer.from(key))}`
  return { object: await putFile(storage, folder, path, { extension }), format }
}

async function enter(storage: Storage, model: string, key: string, body: Push): Promise<StoredPush> {
  const { kind, entry } = await addTo(inboxLog(storage, model), key, body)
  return { entry, isNew: kind === 'appended', sha256: body.object.sha256 }
}

/** Appends at the end of a log, or finds the entry that has the id. */
export async function addTo<T>(log: Log<T>, id: string, body: T) {
  const added = await log.append({ id, actor: 'push', body })
  if (added.kind !== 'stale') return added
  throw new RefitError('Conflict', `Cannot append "${id}": the log is stale, though nothing was expected of it.`)
}
