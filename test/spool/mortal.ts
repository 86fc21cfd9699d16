/** Processes that are killed between any two operations of a store. */
import type { Storage } from '../../src/storage/storage.js'
import { aroundWrites } from '../support/wrap-storage.js'

/** What every operation of a dead process throws. */
export class Killed extends Error {}

/** Counts down to the death of a process; dead, it does nothing any more. */
export class Life {
  #left = Number.POSITIVE_INFINITY
  #isLate = false
  /** Dies at a change: after so many others. */
  dieAfter(operations: number, isLate: boolean): void {
    ;[this.#left, this.#isLate] = [operations, isLate]
  }
  get isOver(): boolean {
    return this.#left < 0
  }
  /** An operation that changes nothing: to die before it is to die after the last change. */
  async look<R>(operation: () => Promise<R>): Promise<R> {
    if (this.isOver) throw new Killed()
    return operation()
  }

  async live<R>(operation: () => Promise<R>): Promise<R> {
    const isLast = this.#left-- === 0
    if (this.isOver && !(isLast && this.#isLate)) throw new Killed()
    const result = await operation()
    if (this.isOver) throw new Killed()
    return result
  }
}

/** A store as a process sees it that dies: late, when its last operation takes effect and its answer is not heard. */
export function mortal(real: Storage, life: Life): Storage {
  return {
    location: real.location,
    ...aroundWrites(real, (_, send) => life.live(send)),
    read: (key) => life.look(() => real.read(key)),
    async *list(prefix, after) {
      yield* await life.look(async () => real.list(prefix, after))
    },
    stat: (key) => life.look(() => real.stat(key)),
    toLocalFile: (key) => life.look(() => real.toLocalFile(key)),
  }
}
