/** Finding the last entry of a log: from a hint that may lag, by doubling steps, without listing. */
import { z } from 'zod'
import type { Entries } from './log-entries.js'
import type { Storage } from './storage.js'

const Hint = z.strictObject({ seq: z.number().int() })

/**
 * The number of the last entry, given one that exists or the number before the first. Since numbers have no gap, it
 * takes one read when that is the last, and about twice the logarithm of the distance otherwise.
 */
export async function findHead(entries: Pick<Entries<unknown>, 'read'>, existing: number): Promise<number> {
  let low = existing
  let step = 1
  while ((await entries.read(low + step)) !== undefined) {
    low += step
    step *= 2
  }
  let absent = low + step
  while (absent - low > 1) {
    const middle = low + Math.floor((absent - low) / 2)
    if ((await entries.read(middle)) === undefined) absent = middle
    else low = middle
  }
  return low
}

/** A number that exists and was the last not long ago; the number before the first when there is no usable hint. */
export async function readHint(storage: Storage, entries: Entries<unknown>): Promise<number> {
  const hinted = (await readIndex(storage, hintKey(entries), Hint))?.seq
  // A store that was restored from a backup may hold a hint beyond its entries.
  return hinted !== undefined && (await entries.read(hinted)) !== undefined ? hinted : entries.firstSeq - 1
}

/** Leaves the hint for the next reader. Of concurrent writers the last one counts, which costs readers a few steps. */
export async function writeHint(storage: Storage, entries: Entries<unknown>, seq: number): Promise<void> {
  await storage.replace(hintKey(entries), Buffer.from(JSON.stringify({ seq })))
}

/**
 * An object of a log's index, or `undefined` when it is absent or not readable, for example torn by a power failure.
 */
export async function readIndex<T>(storage: Storage, key: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const bytes = await storage.read(key)
  if (bytes === undefined) return undefined
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString()))
  } catch {
    // Derived data: whoever needs it derives it again.
    return undefined
  }
}

function hintKey(entries: Entries<unknown>): string {
  return `${entries.prefix}/index/head.json`
}
