/**
 * What waits for the store, of one model: two logs in the spool. Entry N of `drained` says that entry N of `spooled` is in
 * the inbox, so what waits lies behind the last number of `drained`, and it drains in order.
 *
 * The object of an entry is its own, named by key and content: it is removed with the entry's turn, and no other entry
 * can be about to name it.
 */
import { z } from 'zod'
import { RefitError } from '../errors.js'
import { addTo, extensionOf, type ReceivedPush } from '../source/inbox.js'
import { BATCH_FORMATS } from '../source/source.js'
import { sha256OfBytes } from '../storage/digest.js'
import { type Log, type LogEntry, sharedLog } from '../storage/log.js'
import { ObjectRef, putFile } from '../storage/objects.js'
import type { Storage } from '../storage/storage.js'
import { NOTHING_WAITS, type Waiting } from './room.js'

/** A push that waits; the id of its entry is the key that the producer gave. */
const SpooledPush = z.strictObject({ object: ObjectRef, format: z.enum(BATCH_FORMATS) }).readonly()
/** A push that waits, or waited. */
export type SpooledPush = z.infer<typeof SpooledPush>

/** Where a push went: its number in the inbox. */
const DrainedPush = z.strictObject({ inbox: z.number().int().positive() }).readonly()

/** Where a push is in the spool. */
export interface KeptPush {
  readonly entry: LogEntry<SpooledPush>
  readonly isNew: boolean
  readonly sha256: string
  /** Its number in the inbox, when it is there already. */
  readonly inbox: number | undefined
}

/** Where the queue of a dataset is: of a model, or of a feed such as `flights/labels/clicks`. No name has the sign. */
export const placeOf = (model: string): string => `spool/${model.replaceAll('/', '=')}`

/** The dataset whose queue has this key; `undefined` for another key. */
export const datasetAt = (key: string | undefined): string | undefined => key?.split('/')[1]?.replaceAll('=', '/')

/** The queue of one model, or of one feed of labels. All operations reject as the spool does. */
export class Queue {
  readonly #spooled: Log<SpooledPush>
  readonly #drained: Log<z.infer<typeof DrainedPush>>
  /** Sizes and times of what waits, by number, as far as it was read. */
  readonly #waiting = new Map<number, { readonly bytes: number; readonly at: string }>()
  #read = 0

  constructor(
    readonly storage: Storage,
    readonly model: string,
  ) {
    this.#spooled = sharedLog(storage, `${placeOf(model)}/log`, SpooledPush)
    this.#drained = sharedLog(storage, `${placeOf(model)}/drained`, DrainedPush)
  }

  /** Puts a push at the end: the bytes first, then the entry that counts. A known key changes nothing. */
  async keep({ key, format, path }: ReceivedPush): Promise<KeptPush> {
    const folder = `${placeOf(this.model)}/objects/${sha256OfBytes(Buffer.from(key))}`
    const object = await putFile(this.storage, folder, path, { extension: extensionOf(format) })
    const { kind, entry } = await addTo(this.#spooled, key, { object, format })
    const inbox = kind === 'known' ? (await this.#drained.at(entry.seq))?.body.inbox : undefined
    // These bytes wait for nobody: they are there already, or their key has others.
    if (inbox !== undefined || entry.body.object.uri !== object.uri) await this.storage.remove(object.uri)
    return { entry, isNew: kind === 'appended', sha256: object.sha256, inbox }
  }

  /** Number of the last push that is in the inbox, 0 before the first. */
  async drainedUpTo(): Promise<number> {
    return (await this.#drained.head())?.seq ?? 0
  }

  /** The push with this number, or `undefined` when there is none yet. */
  at(seq: number): Promise<LogEntry<SpooledPush> | undefined> {
    return this.#spooled.at(seq)
  }

  /** Says that a push is in the inbox. Who says it second changes nothing. */
  async markDrained(seq: number, inbox: number): Promise<void> {
    const mark = { id: String(seq), actor: 'spool', body: { inbox }, expectedSeq: seq - 1 }
    const marked = await this.#drained.append(mark)
    if (marked.kind !== 'stale' || (marked.head?.seq ?? 0) >= seq) return
    throw new RefitError(
      'StoreCorrupt',
      `Cannot mark push ${seq} of "${this.model}" as drained: the spool ${this.storage.location} knows only ${marked.head?.seq ?? 0} marks. Was it restored from a backup? Try again.`,
      { permanent: false },
    )
  }

  /** Removes the bytes of a push that is in the inbox. */
  async removeObject(seq: number): Promise<void> {
    const entry = await this.#spooled.at(seq)
    if (entry !== undefined) await this.storage.remove(entry.body.object.uri)
  }

  /** What waits: at least all that was kept before the call, less what was drained before it. */
  async look(): Promise<Waiting> {
    const drained = await this.drainedUpTo()
    for await (const { seq, at, body } of this.#spooled.entries({ from: Math.max(this.#read, drained) + 1 })) {
      this.#waiting.set(seq, { bytes: body.object.bytes, at })
      this.#read = Math.max(this.#read, seq)
    }
    return this.#sum(drained)
  }

  /** What waited at the last look. */
  lastSeen(): Waiting {
    return this.#sum(0)
  }

  #sum(drained: number): Waiting {
    let { pushes, bytes, since } = NOTHING_WAITS
    for (const [seq, { bytes: size, at }] of this.#waiting) {
      if (seq <= drained) this.#waiting.delete(seq)
      else [pushes, bytes, since] = [pushes + 1, bytes + size, since ?? at]
    }
    return { pushes, bytes, since }
  }
}
