/**
 * The numbered, append-only log that everything durable is built on. One object an entry, `PREFIX/000000000007.json`.
 *
 * 1. An entry is created only if its number is absent, and after the number before it was seen: numbers have no gap,
 *    and what exists ends at one place, which a search finds without listing.
 * 2. An entry never changes. Order is by number; `at` is information, since clocks differ.
 * 3. One id, one entry. A writer looks for its id in all that exists before it creates, and in each entry that took the
 *    number it wanted; so there is no moment at which it can miss its own, whoever wrote it.
 * 4. A create that rejects, or answers `false`, may nevertheless have landed: the entry at that number is read back,
 *    and the id in it decides. When it cannot be read, the append rejects and may be repeated with the same id.
 * 5. Everything below `PREFIX/index/` is derived and may lag: a hint of the head, one object for each id up to a number
 *    (`log-ids.ts`), folded states (`log-fold.ts`). It bounds what is read; it never decides. It may be deleted whole,
 *    never in part: `index/indexed.json` vouches for the ids up to its number.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import { isRefitError } from '../errors.js'
import { checkFolder } from './key.js'
import { type AppendRequest, type Entries, entriesOf, type LogEntry } from './log-entries.js'
import { Folds } from './log-fold.js'
import { findHead, readHint, writeHint } from './log-head.js'
import { KnownIds } from './log-ids.js'
import type { Storage } from './storage.js'

export type { AppendRequest, LogEntry } from './log-entries.js'

/**
 * What became of a wish to append. `known`: the id was in the log before; the entry tells what was written then.
 * `stale`: the head is no longer the expected one; `head` is the last entry, or `undefined` when the log is empty.
 */
export type AppendOutcome<T> =
  | { readonly kind: 'appended'; readonly entry: LogEntry<T> }
  | { readonly kind: 'known'; readonly entry: LogEntry<T> }
  | { readonly kind: 'stale'; readonly head: LogEntry<T> | undefined }

/** A log. All operations reject with `StoreUnavailable` or, when an entry is missing or unreadable, `StoreCorrupt`. */
export interface Log<T> {
  /** Appends, unless the id is known or the expectation stale. Rejects with `InvalidInput` when the schema refuses. */
  append(request: AppendRequest<T>): Promise<AppendOutcome<T>>
  /** The last entry, or `undefined` when the log is empty. */
  head(): Promise<LogEntry<T> | undefined>
  /** One entry, or `undefined` when there is none with this number. */
  at(seq: number): Promise<LogEntry<T> | undefined>
  /** The entries with numbers `from` to `to`, both included, in order; the whole log unless given. */
  entries(range?: { readonly from?: number; readonly to?: number }): AsyncIterable<LogEntry<T>>
  /**
   * Folds the whole log into a state and tells the number of the last entry in it (`firstSeq - 1` when empty). The
   * state is kept every hundred entries and remembered by the process, so that few entries are read; it must be what JSON
   * can hold (no `Map`, `Set`, `Date`). A kept state is known by `name` alone: take another name when `initial` or `step`
   * changes.
   *
   * `step` may change the state in place, and nobody else may: all who fold the log in this process get the same one. It
   * may hold later entries than `seq` says once something was awaited.
   */
  fold<S>(
    name: string,
    initial: S,
    step: (state: S, entry: LogEntry<T>) => S,
  ): Promise<{ readonly state: S; readonly seq: number }>
}

/** How a log is opened. */
export interface LogOptions {
  /** Number of the first entry, 1 unless given. */
  readonly firstSeq?: number
  /** The clock; the system's unless given. */
  readonly now?: () => Date
}

/** A log below a prefix of the store. Reads and writes nothing yet; nobody else may use keys below the prefix. */
export function openLog<T>(storage: Storage, prefix: string, schema: z.ZodType<T>, options: LogOptions = {}): Log<T> {
  const firstSeq = options.firstSeq ?? 1
  return new StoredLog(storage, entriesOf(storage, { prefix: checkFolder(prefix), schema, firstSeq }), options.now)
}

const sharedLogs = new WeakMap<Storage, Map<string, Log<unknown>>>()

/**
 * As `openLog`, but one log for all who ask in this process: it remembers the entries that it has read, so that an
 * append looks only at what came since. A prefix has one schema.
 */
export function sharedLog<T>(storage: Storage, prefix: string, schema: z.ZodType<T>): Log<T> {
  const logs = sharedLogs.get(storage) ?? new Map<string, Log<unknown>>()
  sharedLogs.set(storage, logs)
  const log = logs.get(prefix) ?? openLog(storage, prefix, schema)
  logs.set(prefix, log)
  // Whoever asked first gave the prefix its schema, which is the same for all.
  return log as Log<T>
}

class StoredLog<T> implements Log<T> {
  readonly #ids: KnownIds
  readonly #folds: Folds<T>

  constructor(
    readonly storage: Storage,
    readonly stored: Entries<T>,
    readonly now: () => Date = () => new Date(),
  ) {
    this.#ids = new KnownIds(storage, stored)
    this.#folds = new Folds(storage, stored)
  }

  async append(request: AppendRequest<T>): Promise<AppendOutcome<T>> {
    this.stored.check(request)
    for (let losses = 0; ; losses++) {
      const head = await this.#ids.catchUp()
      const known = await this.#ids.find(request.id)
      if (known !== undefined) return { kind: 'known', entry: await this.stored.get(known) }
      if (request.expectedSeq !== undefined && request.expectedSeq !== head) {
        return { kind: 'stale', head: await this.stored.read(head) }
      }
      const entry = await this.stored.create(head + 1, request, this.now().toISOString())
      if (entry !== undefined) {
        await this.#tidy(entry)
        return { kind: 'appended', entry }
      }
      await pauseAfter(losses)
    }
  }

  async head(): Promise<LogEntry<T> | undefined> {
    return this.stored.read(await this.#head())
  }

  at(seq: number): Promise<LogEntry<T> | undefined> {
    return this.stored.read(seq)
  }

  async *entries(range: { readonly from?: number; readonly to?: number } = {}): AsyncIterable<LogEntry<T>> {
    const head = await this.#head()
    yield* this.stored.range(range.from ?? this.stored.firstSeq, Math.min(range.to ?? head, head))
  }

  fold<S>(name: string, initial: S, step: (state: S, entry: LogEntry<T>) => S) {
    return this.#folds.fold({ name, initial, step })
  }

  async #head(): Promise<number> {
    return findHead(this.stored, await readHint(this.storage, this.stored))
  }

  /** Brings the index up to date. The entry stands whatever happens here, so a failure is left to the next append. */
  async #tidy({ id, seq }: LogEntry<T>): Promise<void> {
    try {
      await writeHint(this.storage, this.stored, seq)
      await this.#ids.add(id, seq)
    } catch (thrown) {
      if (!isRefitError(thrown, 'StoreUnavailable')) throw thrown
    }
  }
}

/**
 * Many writers of one number all write and one wins: random pauses let them come one after the other. They grow to what
 * a hundred writers need; alone or with a few, nobody waits for long.
 */
async function pauseAfter(losses: number): Promise<void> {
  await sleep(Math.random() * Math.min(1_000, 10 * 2 ** losses))
}
