/** Folding a log into a state without reading all of it: the state is kept beside the log now and then. */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { isRefitError, RefitError } from '../errors.js'
import { sha256OfBytes } from './digest.js'
import { isSegment } from './key.js'
import type { Entries, LogEntry } from './log-entries.js'
import { findHead, readHint, readIndex } from './log-head.js'
import type { Storage } from './storage.js'

/** Entries between two kept states: a fold reads at most about so many, and one in so many writes its state. */
const KEEP_EVERY = 100

/** The state is kept as text with its digest: a reader that took a damaged state for the log's would never notice. */
const Kept = z.strictObject({ seq: z.number().int(), sha256: z.string(), state: z.string() })

/** What is folded: a name for the kept state, the state of an empty log, and what one entry does to it. */
export interface Fold<T, S> {
  readonly name: string
  readonly initial: S
  readonly step: (state: S, entry: LogEntry<T>) => S
}

/** The state after the last entry, and the number of that entry. */
export async function foldLog<T, S>(
  storage: Storage,
  entries: Entries<T>,
  { name, initial, step }: Fold<T, S>,
): Promise<{ readonly state: S; readonly seq: number }> {
  if (!isSegment(name)) {
    throw new RefitError(
      'InvalidInput',
      `Cannot fold log "${entries.prefix}" as "${name}": expected a name of letters, digits and . _ = - only.`,
    )
  }
  const key = `${entries.prefix}/index/folds/${name}.json`
  const kept = await readKept(storage, key, entries)
  const start = kept?.seq ?? entries.firstSeq - 1
  const head = await findHead(entries, Math.max(start, await readHint(storage, entries)))
  // A copy, since the step may change the state in place; the kept text is of this fold, by its name and digest.
  let state: S = JSON.parse(kept?.state ?? textOf(initial, name))
  for await (const entry of entries.range(start + 1, head)) state = step(state, entry)
  // Checked from the first entry on, so that a state which cannot be kept shows in a test and not after a hundred
  // entries.
  const text = kept === undefined || head - start >= KEEP_EVERY ? textOf(state, name) : undefined
  if (text !== undefined && head - start >= KEEP_EVERY) await keep(storage, key, { seq: head, text })
  return { state, seq: head }
}

async function readKept(storage: Storage, key: string, entries: Entries<unknown>) {
  const kept = await readIndex(storage, key, Kept)
  if (kept === undefined || sha256OfBytes(Buffer.from(kept.state)) !== kept.sha256) return undefined
  // A store that was restored from a backup may hold a state beyond its entries.
  return (await entries.read(kept.seq)) === undefined ? undefined : kept
}

async function keep(storage: Storage, key: string, { seq, text }: { seq: number; text: string }): Promise<void> {
  const body = JSON.stringify({ seq, sha256: sha256OfBytes(Buffer.from(text)), state: text })
  await storage.replace(key, Buffer.from(body)).catch((thrown: unknown) => {
    // Only saves the next reader some work, and readers need no right to write.
    if (!isRefitError(thrown, 'StoreUnavailable')) throw thrown
  })
}

function textOf(state: unknown, name: string): string {
  const text = JSON.stringify(state)
  if (text !== undefined && isDeepStrictEqual(JSON.parse(text), state)) return text
  throw new RefitError(
    'InvalidInput',
    `Cannot keep the state of fold "${name}": JSON changes it. Use plain objects, arrays, strings, finite numbers, ` +
      'booleans and null only.',
  )
}
