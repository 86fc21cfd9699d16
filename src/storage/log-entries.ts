/** The entries of a log as objects of the store: their keys, their JSON, and how one is created only if absent. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { isRefitError, messageOf, RefitError } from '../errors.js'
import type { Storage } from './storage.js'

/** Enough for an entry a millisecond over thirty years; fixed, so that the order of keys is the order of numbers. */
const DIGITS = 12
/** Entries read at the same time when a range is read: hides the latency of a remote store, and is easy on memory. */
const READ_AHEAD = 16

const Envelope = z.strictObject({
  seq: z.number().int().nonnegative(),
  id: z.string().min(1),
  at: z.string(),
  actor: z.string(),
  body: z.unknown(),
  attempt: z.string().describe('random text of the append that wrote it: tells whether a found entry is its own'),
})

/** One entry. */
export interface LogEntry<T> {
  /** Number of the entry, and the token of compare-and-set. */
  readonly seq: number
  /** Idempotency key of the append. */
  readonly id: string
  /** When it was written by the writer's clock, ISO 8601. */
  readonly at: string
  /** Who asked for it. */
  readonly actor: string
  readonly body: T
}

/** A wish to append. */
export interface AppendRequest<T> {
  /** Idempotency key: one id, one entry, however often and from wherever it is appended. */
  readonly id: string
  readonly actor: string
  readonly body: T
  /** Append only if the head still has this number; `firstSeq - 1` for an empty log. Without it, append at the end. */
  readonly expectedSeq?: number
}

/** Where the entries of a log are and what they hold. */
export interface EntriesOptions<T> {
  readonly prefix: string
  readonly schema: z.ZodType<T>
  readonly firstSeq: number
}

/** The entries of one log. */
export interface Entries<T> {
  readonly prefix: string
  readonly firstSeq: number
  /** Throws `InvalidInput` when what is to be appended could not be read again. */
  check(request: AppendRequest<T>): void
  /**
   * Creates the entry; `undefined` when another one has the number. Rejects when it cannot be known which of the two.
   */
  create(seq: number, request: AppendRequest<T>, at: string): Promise<LogEntry<T> | undefined>
  /** One entry, or `undefined` when there is none with this number. */
  read(seq: number): Promise<LogEntry<T> | undefined>
  /** One entry that must exist. */
  get(seq: number): Promise<LogEntry<T>>
  /** The entries from one number to another, both included, all of which must exist. */
  range(from: number, to: number): AsyncIterable<LogEntry<T>>
}

/** The entries of the log below a prefix. */
export function entriesOf<T>(storage: Storage, { prefix, schema, firstSeq }: EntriesOptions<T>): Entries<T> {
  const keyOf = (seq: number): string => `${prefix}/${String(seq).padStart(DIGITS, '0')}.json`

  async function read(seq: number): Promise<LogEntry<T> | undefined> {
    if (seq < firstSeq) return undefined
    const bytes = await storage.read(keyOf(seq))
    return bytes === undefined ? undefined : parse(bytes, seq)
  }

  function parse(bytes: Uint8Array, seq: number): LogEntry<T> {
    try {
      const { attempt: _, body, ...rest } = Envelope.parse(JSON.parse(Buffer.from(bytes).toString()))
      if (rest.seq !== seq) throw new TypeError(`it says that its number is ${rest.seq}`)
      return { ...rest, body: schema.parse(body) }
    } catch (thrown) {
      throw new RefitError(
        'StoreCorrupt',
        `Cannot read entry "${keyOf(seq)}" in store ${storage.location}: ${messageOf(thrown)}. Restore it from a ` +
          'backup; if another version of Refit wrote it, use that version.',
        { cause: thrown },
      )
    }
  }

  async function get(seq: number): Promise<LogEntry<T>> {
    const entry = await read(seq)
    if (entry !== undefined) return entry
    throw new RefitError(
      'StoreCorrupt',
      `Cannot read entry "${keyOf(seq)}" in store ${storage.location}: it is gone, though later entries or the index ` +
        'tell that it was there. Restore it from a backup.',
    )
  }

  async function* range(from: number, to: number): AsyncIterable<LogEntry<T>> {
    for (let first = Math.max(from, firstSeq); first <= to; first += READ_AHEAD) {
      const length = Math.min(READ_AHEAD, to - first + 1)
      yield* await Promise.all(Array.from({ length }, (_, index) => get(first + index)))
    }
  }

  return {
    prefix,
    firstSeq,
    read,
    get,
    range,
    check: (request) => check(prefix, schema, request),
    async create(seq, { id, actor, body }, at) {
      const bytes = Buffer.from(`${JSON.stringify({ seq, id, at, actor, body, attempt: randomUUID() })}\n`)
      return (await createdOrFound(storage, keyOf(seq), bytes)) ? parse(bytes, seq) : undefined
    },
  }
}

function check<T>(prefix: string, schema: z.ZodType<T>, { id, actor, body }: AppendRequest<T>): void {
  try {
    Envelope.shape.id.parse(id)
    Envelope.shape.actor.parse(actor)
    // What is parsed is what a reader will get: JSON drops and changes values.
    schema.parse(JSON.parse(JSON.stringify(body) ?? 'null'))
  } catch (thrown) {
    throw new RefitError('InvalidInput', `Cannot append to log "${prefix}": ${messageOf(thrown)}.`, { cause: thrown })
  }
}

/**
 * Whether these bytes are at the key because of this call. An answer that was lost is settled by looking: the bytes
 * hold the id of the attempt, so finding them means that this write landed. Finding nothing means that it may still
 * land; then it rejects.
 */
async function createdOrFound(storage: Storage, key: string, bytes: Uint8Array): Promise<boolean> {
  let failure: unknown
  try {
    if (await storage.create(key, bytes)) return true
  } catch (thrown) {
    if (!isRefitError(thrown, 'StoreUnavailable')) throw thrown
    failure = thrown
  }
  const found = await storage.read(key).catch((thrown: unknown) => {
    throw failure ?? thrown
  })
  if (found === undefined) throw failure ?? contradiction(storage, key)
  return Buffer.compare(found, bytes) === 0
}

function contradiction(storage: Storage, key: string): RefitError {
  return new RefitError(
    'StoreUnavailable',
    `Cannot create "${key}" in store ${storage.location}: the store says that it exists, and that it does not. Try again.`,
  )
}
