/** The rescue spool: a second store that keeps pushes while the first one fails. */
import { RefitError } from '../errors.js'
import type { ReceivedPush } from '../source/inbox.js'
import type { Storage } from '../storage/storage.js'
import { datasetAt, type KeptPush, placeOf, Queue } from './queue.js'
import { hasRoom, type SpoolLimits, sumOf, type Waiting } from './room.js'

/** How long what other processes put into the spool may go unseen when its size is checked. */
const SURVEY_EVERY_MS = 5_000
/** A push with its size in bytes. */
export interface SizedPush extends ReceivedPush {
  readonly bytes: number
}

/** The spool, as one process sees it. All operations reject with `StoreUnavailable` while it does not answer. */
export class Spool {
  readonly #queues = new Map<string, Queue>()
  /** Bytes that are being written and wait in no log yet. */
  #reserved = 0
  #surveyedAt = Number.NEGATIVE_INFINITY

  constructor(
    readonly storage: Storage,
    readonly limits: SpoolLimits,
  ) {}

  /** The queue of a model, one for all who ask in this process. */
  queue(model: string): Queue {
    const queue = this.#queues.get(model) ?? new Queue(this.storage, model)
    this.#queues.set(model, queue)
    return queue
  }

  /** Keeps a push behind all that waits. Rejects with `StoreUnavailable`, too, when there is no room left for it. */
  async keep(model: string, push: SizedPush): Promise<KeptPush> {
    const queue = this.queue(model)
    await queue.look()
    if (performance.now() - this.#surveyedAt > SURVEY_EVERY_MS) await this.survey()
    // From here to the reservation nothing waits, so that of many pushes at a time none is forgotten.
    const waiting = sumOf([...this.#queues.values()].map((one) => one.lastSeen()))
    const used = waiting.bytes + this.#reserved
    if (!hasRoom({ bytes: used }, push.bytes, this.limits)) throw noRoom(push, used, this.limits)
    this.#reserved += push.bytes
    try {
      const kept = await queue.keep(push)
      await queue.look()
      return kept
    } finally {
      this.#reserved -= push.bytes
    }
  }

  /** What waits, by model; models whose pushes are all in the inbox are left out. */
  async survey(): Promise<ReadonlyMap<string, Waiting>> {
    const found = new Map<string, Waiting>()
    for await (const model of this.#models()) {
      const waiting = await this.queue(model).look()
      if (waiting.pushes > 0) found.set(model, waiting)
    }
    this.#surveyedAt = performance.now()
    return found
  }

  /** Notes that there is a model, for a receiver that starts while the store is away. */
  async noteModel(model: string): Promise<void> {
    await this.storage.create(noteOf(model), Buffer.from('{}'))
  }

  /** Whether a model was noted. */
  async hasNoted(model: string): Promise<boolean> {
    return (await this.storage.read(noteOf(model))) !== undefined
  }

  /** Models that ever had a push in the spool: a listing that skips from one to the next. */
  async *#models(): AsyncIterable<string> {
    let after = ''
    for (;;) {
      const key = await firstKey(this.storage, after)
      const model = datasetAt(key)
      if (model === undefined) return
      yield model
      // '~' sorts after every character that a key may hold.
      after = `${placeOf(model)}/~`
    }
  }
}

const noteOf = (model: string): string => `models/${model.replaceAll('/', '=')}.json`

async function firstKey(storage: Storage, after: string): Promise<string | undefined> {
  for await (const key of storage.list('spool/', after)) return key
  return undefined
}

function noRoom({ bytes }: SizedPush, used: number, { maxBytes }: SpoolLimits): RefitError {
  return new RefitError(
    'StoreUnavailable',
    `Cannot take the push: the store is behind, and of ${maxBytes} bytes in the spool ${used} are used, which leaves no room ` +
      `for ${bytes}. Send it again later; the operator can mend the store or raise REFIT_SPOOL_MAX_MB.`,
  )
}
