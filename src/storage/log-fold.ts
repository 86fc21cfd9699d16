/** Folding a log into a state without reading all of it: the state is kept beside the log now and then. */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { isRefitError, RefitError } from '../errors.js'
import { sha256OfBytes } from './digest.js'
import { isSegment } from './key.js'
import type { Entries, LogEntry } from './log-entries.js'
import { findHead, readIndex } from './log-head.js'
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

/** A state with the number of the last entry in it, and that of the state which is kept beside the log. */
interface Folded<S> {
  readonly state: S
  readonly seq: number
  readonly keptSeq: number
}

/** Where a process remembers a state between two folds. */
interface Slot {
  last: Folded<unknown> | undefined
}

/** States that a process remembers, of all logs: some hundred bytes for each entry, of as many logs as it works on. */
const MOST_REMEMBERED = 32
/** Slots that hold a state, the one that was used last at the end. */
const used = new Set<Slot>()

/**
 * The folds of one log. A process remembers the states that it used last, so that a fold reads only what came since; the
 * first one begins with the kept state.
 */
export class Folds<T> {
  readonly #slots = new Map<string, Slot>()
  /** The last fold of each name: the next one waits for it, as a step may change the state in place. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(
    readonly storage: Storage,
    readonly entries: Entries<T>,
  ) {}

  /** The state after the last entry, and the number of that entry. */
  fold<S>(fold: Fold<T, S>): Promise<{ readonly state: S; readonly seq: number }> {
    const { name } = fold
    const before = this.#turns.get(name)
    const turn = before === undefined ? this.#advance(fold) : before.then(() => this.#advance(fold))
    this.#turns.set(
      name,
      turn.catch(() => undefined),
    )
    return turn
  }

  async #advance<S>(fold: Fold<T, S>): Promise<{ readonly state: S; readonly seq: number }> {
    const slot = this.#slots.get(fold.name) ?? { last: undefined }
    this.#slots.set(fold.name, slot)
    const last = (await this.#remembered<S>(slot)) ?? (await this.#begin(fold))
    const head = await findHead(this.entries, last.seq)
    let { state } = last
    for await (const entry of this.entries.range(last.seq + 1, head)) state = fold.step(state, entry)
    const keptSeq = await this.#keep(fold.name, { ...last, state, seq: head })
    remember(slot, { state, seq: head, keptSeq })
    return { state, seq: head }
  }

  /**
   * What the slot holds, which is empty until the state is remembered again: a fold that fails half way leaves a state
   * that nobody can use. A store that was restored from a backup may end before it.
   */
  async #remembered<S>(slot: Slot): Promise<Folded<S> | undefined> {
    const { last } = slot
    slot.last = undefined
    if (last === undefined) return undefined
    const isThere = last.seq < this.entries.firstSeq || (await this.entries.read(last.seq)) !== undefined
    // A slot belongs to one name, and a name to one type of state.
    return isThere ? (last as Folded<S>) : undefined
  }

  async #begin<S>({ name, initial }: Fold<T, S>): Promise<Folded<S>> {
    if (!isSegment(name)) {
      throw new RefitError(
        'InvalidInput',
        `Cannot fold log "${this.entries.prefix}" as "${name}": expected a name of letters, digits and . _ = - only.`,
      )
    }
    const kept = await readKept(this.storage, this.#keyOf(name), this.entries)
    const seq = kept?.seq ?? this.entries.firstSeq - 1
    // A copy, since the step may change the state in place; the kept text is of this fold, by its name and digest.
    return { state: JSON.parse(kept?.state ?? textOf(initial, name)), seq, keptSeq: seq }
  }

  /** Keeps the state when enough entries came since it was kept last. Gives the number of the state that is kept. */
  async #keep(name: string, { state, seq, keptSeq }: Folded<unknown>): Promise<number> {
    const isDue = seq - keptSeq >= KEEP_EVERY
    // Checked from the first entry on, so that a state which cannot be kept shows in a test and not after a hundred
    // entries.
    const isFirst = keptSeq < this.entries.firstSeq
    const text = isFirst || isDue ? textOf(state, name) : ''
    if (!isDue) return keptSeq
    await keep(this.storage, this.#keyOf(name), { seq, text })
    return seq
  }

  #keyOf(name: string): string {
    return `${this.entries.prefix}/index/folds/${name}.json`
  }
}

function remember(slot: Slot, folded: Folded<unknown>): void {
  slot.last = folded
  used.delete(slot)
  used.add(slot)
  const [oldest] = used
  if (oldest === undefined || used.size <= MOST_REMEMBERED) return
  oldest.last = undefined
  used.delete(oldest)
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
