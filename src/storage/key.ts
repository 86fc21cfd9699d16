/**
 * What a key may look like, so that every store, a file system included, can hold it.
 *
 * The name of an object has a `.`, the name of a folder has none. So no key can be a `/`-prefix of another one, which
 * file systems and the servers that keep files (versitygw, MinIO) cannot hold, and no store need be asked about it: to
 * ask would cost two requests a create, and two writers could still slip past each other.
 */
import { RefitError } from '../errors.js'

/** File systems allow 255 bytes a name; the rest is room for what an adapter appends. */
const MAX_SEGMENT = 200
/** S3 allows 1,024 bytes a key: these, and before them the path of the store in its bucket. */
const MAX_KEY = 800
const MAX_ROOT = 200

const SEGMENT = /^[A-Za-z0-9._=-]+$/

/** Whether a text can be one segment of a path in a store. */
export function isSegment(text: string): boolean {
  return text.length <= MAX_SEGMENT && SEGMENT.test(text) && text !== '.' && text !== '..'
}

/** Whether a text can be the name of a folder of a store: a segment without a dot. */
export const isFolderName = (text: string): boolean => isSegment(text) && !text.includes('.')

/** Whether a text can be the name of an object in its folder: a segment with a dot. */
export const isObjectName = (text: string): boolean => isSegment(text) && text.includes('.')

/** Whether a text is a key. */
export function isKey(text: string): boolean {
  const folders = text.split('/')
  const name = folders.pop() ?? ''
  return text.length <= MAX_KEY && isObjectName(name) && folders.every(isFolderName)
}

/** Gives the key back when every store can hold it; throws `InvalidInput` otherwise. */
export function checkKey(key: string): string {
  if (isKey(key)) return key
  throw new RefitError(
    'InvalidInput',
    `Cannot use ${JSON.stringify(key)} as a key of the store: expected at most ${MAX_KEY} characters, in segments ` +
      `of letters, digits and . _ = - (at most ${MAX_SEGMENT} each) with / between them; the last one with a dot, such ` +
      'as "rows.parquet", the others without.',
  )
}

/** Gives the path of a folder of the store back; throws `InvalidInput` when no key can begin with it and a `/`. */
export function checkFolder(folder: string): string {
  checkKey(`${folder}/a.b`)
  return folder
}

/** Gives the path back under which a store lives in a bucket; throws `InvalidInput` when it leaves no room for keys. */
export function checkRoot(root: string): string {
  if (root.length <= MAX_ROOT && root.split('/').every(isSegment)) return root
  throw new RefitError(
    'InvalidInput',
    `Cannot keep a store under ${JSON.stringify(root)} of a bucket: expected at most ${MAX_ROOT} characters, in segments ` +
      'of letters, digits and . _ = - with / between them.',
  )
}

/** Gives the prefix of a listing back when a key can begin with it; throws `InvalidInput` otherwise. */
export function checkPrefix(prefix: string): string {
  // The rest is the beginning of a segment: completed by a letter and an ending, it must be a name.
  checkKey(`${prefix}a.b`)
  return prefix
}
