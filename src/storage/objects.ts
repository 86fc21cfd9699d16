/** Immutable objects that are named by their content, and the references to them that travel instead of data. */
import { z } from 'zod'
import { messageOf, RefitError } from '../errors.js'
import { sha256OfBytes, sha256OfFile } from './digest.js'
import { checkSource, reading } from './source-file.js'
import type { Storage } from './storage.js'

/** The schema of a reference to an immutable object of the store: what travels in workflow history instead of data. */
export const ObjectRef = z
  .strictObject({
    uri: z.string().min(1).describe("key of the object, relative to the store's root"),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('SHA-256 of the bytes, lower-case hexadecimal'),
    bytes: z.number().int().nonnegative().describe('size in bytes'),
    rows: z.number().int().nonnegative().optional().describe('rows, for a table'),
  })
  .readonly()
/** A reference to an immutable object of the store. */
export type ObjectRef = z.infer<typeof ObjectRef>

/** How an object is named besides its content, and what its reference says besides. */
export interface ObjectOptions {
  /** Ending of the key with its dot, such as `.parquet`: programs tell formats by it. */
  readonly extension: string
  /** Rows, for a table. */
  readonly rows?: number
  /** Keys that must not be used, as their objects are about to be removed: the next name that is free is taken. */
  readonly isRemoved?: (key: string) => boolean
}

/**
 * Stores bytes under `FOLDER/SHA256EXTENSION` and gives the reference. Storing the same bytes again is the same object.
 * An object that no log entry names is rubbish: harmless, and collected after a grace.
 */
export async function putBytes(
  storage: Storage,
  folder: string,
  body: Uint8Array,
  options: ObjectOptions,
): Promise<ObjectRef> {
  const ref = refTo(folder, { sha256: sha256OfBytes(body), bytes: body.byteLength }, options)
  await storage.create(ref.uri, body)
  return ref
}

/**
 * As `putBytes`, with the bytes of a local file. Rejects with `UnreadableSource` when it changes while it is stored.
 */
export async function putFile(
  storage: Storage,
  folder: string,
  path: string,
  options: ObjectOptions,
): Promise<ObjectRef> {
  await checkSource(path)
  const ref = refTo(folder, await reading(path, () => sha256OfFile(path)), options)
  await storage.createFromFile(ref.uri, path, ref.sha256)
  return ref
}

/** As `putBytes`, with a value as JSON; the extension is `.json` unless given. */
export async function putJson(
  storage: Storage,
  folder: string,
  value: unknown,
  options: Partial<ObjectOptions> = {},
): Promise<ObjectRef> {
  const text = JSON.stringify(value)
  if (text === undefined) {
    throw new RefitError('InvalidInput', `Cannot store JSON in ${folder}: expected a value, got ${typeof value}.`)
  }
  return putBytes(storage, folder, Buffer.from(text), { extension: '.json', ...options })
}

/** The bytes that a reference names. Rejects with `NotFound` or, when they are other bytes, with `StoreCorrupt`. */
export async function readObject(storage: Storage, ref: ObjectRef): Promise<Uint8Array> {
  const body = await storage.read(ref.uri)
  if (body === undefined) {
    throw new RefitError('NotFound', `Cannot read "${ref.uri}" in store ${storage.location}: there is no such object.`)
  }
  verify(storage, ref, { sha256: sha256OfBytes(body), bytes: body.byteLength })
  return body
}

/**
 * The JSON that a reference names. Rejects as `readObject` does, with `StoreCorrupt` also when the schema refuses it.
 */
export async function readJson(storage: Storage, ref: ObjectRef): Promise<unknown>
export async function readJson<T>(storage: Storage, ref: ObjectRef, schema: z.ZodType<T>): Promise<T>
export async function readJson(storage: Storage, ref: ObjectRef, schema: z.ZodType = z.unknown()): Promise<unknown> {
  const body = await readObject(storage, ref)
  try {
    return schema.parse(JSON.parse(Buffer.from(body).toString()))
  } catch (thrown) {
    throw new RefitError(
      'StoreCorrupt',
      `Cannot read "${ref.uri}" in store ${storage.location}: its bytes are as they were written, but not what is ` +
        `expected there: ${messageOf(thrown)}. Another version of Refit may have written it.`,
      { cause: thrown },
    )
  }
}

/** A path on this host with the bytes that a reference names, to be read only. Rejects as `readObject` does. */
export async function objectFile(storage: Storage, ref: ObjectRef): Promise<string> {
  const path = await storage.toLocalFile(ref.uri)
  verify(storage, ref, await sha256OfFile(path))
  return path
}

interface Content {
  readonly sha256: string
  readonly bytes: number
}

function refTo(folder: string, { sha256, bytes }: Content, { extension, rows, isRemoved }: ObjectOptions): ObjectRef {
  let uri = `${folder}/${sha256}${extension}`
  for (let nth = 2; isRemoved?.(uri) === true; nth++) uri = `${folder}/${sha256}-${nth}${extension}`
  return rows === undefined ? { uri, sha256, bytes } : { uri, sha256, bytes, rows }
}

function verify(storage: Storage, expected: ObjectRef, found: Content): void {
  if (found.sha256 === expected.sha256 && found.bytes === expected.bytes) return
  throw new RefitError(
    'StoreCorrupt',
    `Cannot use "${expected.uri}" in store ${storage.location}: expected ${expected.bytes} bytes with SHA-256 ` +
      `${expected.sha256}, found ${found.bytes} bytes with ${found.sha256}. Restore the object from a backup.`,
  )
}
