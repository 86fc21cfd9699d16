/**
 * Which ids are in a log, however long it is.
 *
 * 1. `index/indexed.json` holds a number: each entry up to it has an object `index/ids/SHA256-OF-ID.json` with its
 *    number. The objects are created before the number is written, so the number never claims too much.
 * 2. The ids after that number are read from the entries themselves, at most some hundred, and remembered.
 * 3. The number is read before an id's object is looked for. The other order would miss an entry that is indexed
 *    between the two reads. For the same reason memory is asked before the object.
 * 4. What is remembered holds while the last entry read is still there. A store that was restored from a backup under a
 *    running process may end before it: then all is read anew, since to append beyond the end would leave a gap.
 */
import { z } from 'zod'
import { sha256OfBytes } from './digest.js'
import type { Entries } from './log-entries.js'
import { readHint, readIndex } from './log-head.js'
import type { Storage } from './storage.js'

/**
 * Entries between two updates of the index: a first append reads at most about so many, and one in so many writes them.
 */
const INDEX_EVERY = 100
/** Objects read or written at the same time. */
const PARALLEL = 16

const Indexed = z.strictObject({ seq: z.number().int() })
const IdObject = z.strictObject({ id: z.string(), seq: z.number().int() })

/** The ids of one log, as far as this process has needed to know them. */
export class KnownIds {
  /** Ids of the entries after `#indexed` up to `#scanned`. */
  readonly #recent = new Map<string, number>()
  #indexed: number | undefined
  #scanned: number

  constructor(
    readonly storage: Storage,
    readonly entries: Entries<unknown>,
  ) {
    this.#scanned = entries.firstSeq - 1
  }

  /** Reads what was appended since it was called last, and gives the number of the last entry. */
  async catchUp(): Promise<number> {
    if (this.#indexed === undefined) await this.#begin()
    else if (!(await this.#isStillThere())) return this.#startOver()
    let head = this.#scanned
    for (let size = 1; ; size = Math.min(PARALLEL, size * 2)) {
      const numbers = Array.from({ length: size }, (_, index) => head + 1 + index)
      const found = await Promise.all(numbers.map((seq) => this.entries.read(seq)))
      const absent = found.indexOf(undefined)
      for (const entry of absent < 0 ? found : found.slice(0, absent)) {
        if (entry === undefined) break
        this.#recent.set(entry.id, entry.seq)
        head = entry.seq
      }
      this.#scanned = Math.max(this.#scanned, head)
      if (absent >= 0) return head
    }
  }

  async #isStillThere(): Promise<boolean> {
    const last = this.#scanned
    return last < this.entries.firstSeq || (await this.entries.read(last)) !== undefined
  }

  #startOver(): Promise<number> {
    this.#indexed = undefined
    this.#recent.clear()
    this.#scanned = this.entries.firstSeq - 1
    return this.catchUp()
  }

  /** The number of the entry with this id among those that were caught up with. */
  async find(id: string): Promise<number | undefined> {
    const recent = this.#recent.get(id)
    if (recent !== undefined) return recent
    const found = await readIndex(this.storage, this.#keyOf(id), IdObject)
    return found?.id === id ? found.seq : undefined
  }

  /** Adds an entry that this process appended; writes the index when enough entries came since it was written last. */
  async add(id: string, seq: number): Promise<void> {
    // Only the next number may be skipped over: others may have appended what was not caught up with.
    if (seq === this.#scanned + 1) {
      this.#recent.set(id, seq)
      this.#scanned = seq
    }
    if (this.#scanned - (this.#indexed ?? this.#scanned) >= INDEX_EVERY) await this.#index(this.#scanned)
  }

  async #begin(): Promise<void> {
    const first = this.entries.firstSeq - 1
    const indexed = (await readIndex(this.storage, this.#indexedKey, Indexed))?.seq ?? first
    const hint = await readHint(this.storage, this.entries)
    for await (const entry of this.entries.range(indexed + 1, hint)) this.#recent.set(entry.id, entry.seq)
    this.#scanned = Math.max(this.#scanned, indexed, hint)
    this.#indexed ??= indexed
  }

  async #index(head: number): Promise<void> {
    const due = [...this.#recent].filter(([, seq]) => seq <= head)
    for (let first = 0; first < due.length; first += PARALLEL) {
      await Promise.all(due.slice(first, first + PARALLEL).map(([id, seq]) => this.#write(id, seq)))
    }
    await this.storage.replace(this.#indexedKey, Buffer.from(JSON.stringify({ seq: head })))
    this.#indexed = Math.max(head, this.#indexed ?? head)
    for (const [id] of due) this.#recent.delete(id)
  }

  async #write(id: string, seq: number): Promise<void> {
    await this.storage.create(this.#keyOf(id), Buffer.from(JSON.stringify({ id, seq })))
  }

  get #indexedKey(): string {
    return `${this.entries.prefix}/index/indexed.json`
  }

  #keyOf(id: string): string {
    return `${this.entries.prefix}/index/ids/${sha256OfBytes(Buffer.from(id))}.json`
  }
}
