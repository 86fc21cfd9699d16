/** Waiting that ends: for what comes, until a moment after which nothing is waited for any more. */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../../src/errors.js'

/** Pauses between looks grow from the first to the longest: each look is work for the server and a worker. */
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 300

/** The time is up. */
export class TimeIsUp extends Error {}

/** A moment after which nothing is waited for any more. */
export class Deadline {
  readonly #atMs: number
  readonly #going = new Set<Promise<unknown>>()

  constructor(limitMs: number) {
    this.#atMs = performance.now() + limitMs
  }

  /** What `look` gives, asked again and again, as what is asked may be down at the moment. Rejects with `TimeIsUp`. */
  async until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    let last = ''
    for (let pauseMs = FIRST_PAUSE_MS; performance.now() < this.#atMs; pauseMs *= 1.2) {
      try {
        const found = await this.within(what, look())
        if (found !== undefined && found !== false) return found
      } catch (thrown) {
        if (thrown instanceof TimeIsUp) throw thrown
        last = messageOf(thrown)
      }
      await sleep(Math.min(pauseMs, LONGEST_PAUSE_MS))
    }
    throw new TimeIsUp(`waited in vain for ${what}${last === '' ? '' : `; last heard: ${last}`}`)
  }

  /** What a promise gives. Rejects with `TimeIsUp` when that takes too long. */
  async within<T>(what: string, promise: Promise<T>): Promise<T> {
    const waiting = new AbortController()
    this.#going.add(promise)
    const done = () => this.#going.delete(promise)
    promise.then(done, done)
    const leftMs = Math.max(1, this.#atMs - performance.now())
    const late = sleep(leftMs, undefined, { ref: false, signal: waiting.signal }).then(() => {
      throw new TimeIsUp(`waited in vain for ${what}`)
    })
    try {
      return await Promise.race([promise, late])
    } finally {
      waiting.abort()
    }
  }

  /** Waits for what nobody waits for any more but still goes on, and would fail elsewhere when its server is stopped. */
  async rest(patienceMs: number): Promise<void> {
    const patience = new AbortController()
    const late = sleep(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined)
    await Promise.race([Promise.allSettled(this.#going), late])
    patience.abort()
  }
}
