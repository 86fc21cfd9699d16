/** What a key may look like, so that every store, a file system included, can hold it. */
import { RefitError } from '../errors.js'

/** File systems allow 255 bytes a name; the rest is room for what an adapter appends. */
const MAX_SEGMENT = 200
/** S3 allows 1,024 bytes a key; the rest is room for the store's prefix. */
const MAX_KEY = 800

const SEGMENT = /^[A-Za-z0-9._=-]+$/

/** Whether a text can be one segment of a key. */
export function isSegment(text: string): boolean {
  return text.length <= MAX_SEGMENT && SEGMENT.test(text) && text !== '.' && text !== '..'
}

/** Gives the key back when every store can hold it; throws `InvalidInput` otherwise. */
export function checkKey(key: string): string {
  if (key.length <= MAX_KEY && key.split('/').every(isSegment)) return key
  throw new RefitError(
    'InvalidInput',
    `Cannot use ${JSON.stringify(key)} as a key of the store: expected at most ${MAX_KEY} characters, in segments ` +
      `of letters, digits and . _ = - (at most ${MAX_SEGMENT} each) with / between them.`,
  )
}

/** Gives the prefix of a listing back when a key can begin with it; throws `InvalidInput` otherwise. */
export function checkPrefix(prefix: string): string {
  const cut = prefix.lastIndexOf('/') + 1
  if (cut > 0) checkKey(prefix.slice(0, cut - 1))
  // The rest is the beginning of a segment: completed by a letter, it must be one.
  checkKey(`${prefix.slice(cut)}a`)
  return prefix
}
