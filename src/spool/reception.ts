/**
 * A push comes in. What must always be true:
 *
 * 1. Nothing is acknowledged before it is durable: in the inbox of the store, or in the spool.
 * 2. While something waits in the spool for a model, what comes for it waits behind: pushes that a producer sends one
 *    after the other come into the inbox in this order.
 * 3. A key is one push. A store that gave no answer may have taken it nevertheless; the key settles that when the spool
 *    drains.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isRefitError, RefitError } from '../errors.js'
import { storePush } from '../source/inbox.js'
import type { FormatKind } from '../source/source.js'
import { writeBatch } from '../source/write-batch.js'
import { diskReason } from '../storage/local-errors.js'
import type { Storage } from '../storage/storage.js'
import { withPatience } from './patience.js'
import type { SizedPush, Spool } from './spool.js'

/** A push as it arrives. */
export interface PushRequest {
  readonly model: string
  /** See `PushKey`. */
  readonly key: string
  readonly format: FormatKind
  /** The bytes, unpacked; may throw to refuse them. */
  readonly chunks: AsyncIterable<Uint8Array>
}

/** The acknowledgement: the push is durable. */
export interface PushAnswer {
  /** Its number, in the inbox or in the spool. */
  readonly seq: number
  /** Digest and size of the unpacked bytes. */
  readonly sha256: string
  readonly bytes: number
  /** `stored`: in the inbox. `spooled`: it waits for the store to come back, and goes there by itself. */
  readonly state: 'stored' | 'spooled'
  /** Whether an earlier push with this key brought it. */
  readonly known: boolean
}

/** Takes pushes. */
export interface Reception {
  /**
   * Whether there is such a model. Rejects with `StoreUnavailable` when nobody who answers can tell.
   */
  knows(model: string): Promise<boolean>
  /**
   * Takes a push. Rejects with `Conflict` when the key came with other bytes, with `StoreUnavailable` when neither store
   * nor spool takes it, and with what `chunks` throws; then it is not acknowledged.
   */
  receive(request: PushRequest): Promise<PushAnswer>
}

/** What a reception works with. */
export interface ReceptionPorts {
  readonly store: Storage
  readonly spool: Spool | undefined
  /** Folder for bytes on their way. */
  readonly scratchFolder: string
  /** Whether the store knows the model. */
  readonly hasModel: (model: string) => Promise<boolean>
}

/** Takes pushes into the store or, while that fails, into the spool. */
export function createReception(ports: ReceptionPorts): Reception {
  return new SpoolingReception(ports)
}

class SpoolingReception implements Reception {
  readonly #models = new Set<string>()
  /** Models for which nothing waited at the last look, and for which nothing went to the spool since. */
  readonly #clear = new Set<string>()

  constructor(readonly ports: ReceptionPorts) {}

  async knows(model: string): Promise<boolean> {
    const { spool, hasModel } = this.ports
    // A model that was applied stays; so the store is not asked while it may be away.
    if (this.#models.has(model)) return true
    try {
      if (!(await withPatience(hasModel(model)))) return false
      this.#models.add(model)
    } catch (thrown) {
      if (spool === undefined || !isUnavailable(thrown)) throw thrown
      if (!(await withPatience(spool.hasNoted(model)))) throw thrown
      this.#models.add(model)
      return true
    }
    // For another day: the push at hand does not need it.
    if (spool !== undefined) await withPatience(spool.noteModel(model)).catch(unlessUnavailable)
    return true
  }

  async receive({ model, key, format, chunks }: PushRequest): Promise<PushAnswer> {
    const folder = join(this.ports.scratchFolder, `push-${randomUUID()}`)
    try {
      await mkdir(folder, { recursive: true })
      const path = join(folder, 'body')
      const { bytes } = await writeBatch(chunks, path)
      return await this.#place(model, { key, format, path, bytes })
    } catch (thrown) {
      const reason = diskReason(thrown)
      if (reason === undefined) throw thrown
      throw new RefitError('StoreUnavailable', `Cannot write the push to ${folder}: ${reason}`, { cause: thrown })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  async #place(model: string, push: SizedPush): Promise<PushAnswer> {
    const { spool } = this.ports
    if (spool === undefined) return this.#store(model, push)
    if (await this.#waits(spool, model)) return this.#spool(spool, model, push)
    try {
      return await this.#store(model, push)
    } catch (thrown) {
      if (!isUnavailable(thrown)) throw thrown
      return this.#spool(spool, model, push)
    }
  }

  /**
   * Whether something waits. While the spool does not answer, what this process knows must do: it would be a poor rescue
   * that stops pushes which the store can take.
   */
  async #waits(spool: Spool, model: string): Promise<boolean> {
    try {
      const waits = (await withPatience(spool.queue(model).look())).pushes > 0
      if (waits) this.#clear.delete(model)
      else this.#clear.add(model)
      return waits
    } catch (thrown) {
      if (isUnavailable(thrown) && this.#clear.has(model)) return false
      throw thrown
    }
  }

  async #store(model: string, push: SizedPush): Promise<PushAnswer> {
    const { entry, isNew, sha256 } = await withPatience(storePush(this.ports.store, model, push), push.bytes)
    requireSameBytes(push.key, entry.body.object.sha256, sha256)
    return { seq: entry.seq, sha256, bytes: push.bytes, state: 'stored', known: !isNew }
  }

  async #spool(spool: Spool, model: string, push: SizedPush): Promise<PushAnswer> {
    this.#clear.delete(model)
    const { entry, isNew, sha256, inbox } = await withPatience(spool.keep(model, push), push.bytes)
    requireSameBytes(push.key, entry.body.object.sha256, sha256)
    const where =
      inbox === undefined ? ({ seq: entry.seq, state: 'spooled' } as const) : ({ seq: inbox, state: 'stored' } as const)
    return { ...where, sha256, bytes: push.bytes, known: !isNew }
  }
}

function requireSameBytes(key: string, known: string, given: string): void {
  if (known === given) return
  throw new RefitError(
    'Conflict',
    `Cannot take the push: its key "${key}" came before with other bytes (SHA-256 ${known}, now ${given}). Send other bytes under another Idempotency-Key.`,
  )
}

const isUnavailable = (thrown: unknown): boolean => isRefitError(thrown, 'StoreUnavailable')

function unlessUnavailable(thrown: unknown): void {
  if (!isUnavailable(thrown)) throw thrown
}
