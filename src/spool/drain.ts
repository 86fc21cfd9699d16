/**
 * What waits in the spool goes into the inbox, in order. What must always be true:
 *
 * 1. An entry is marked as drained only after the inbox has it, under the key that the producer gave: whoever does the
 *    step again, after a kill or at the same time, finds it there.
 * 2. Entry N is marked only after entry N - 1; the log of marks refuses everything else.
 * 3. The bytes of an entry are removed only after its mark. Whoever goes on behind a mark removes the bytes again first,
 *    so a kill between the two leaves nothing.
 */
import { messageOf, RefitError } from '../errors.js'
import { storeAcknowledged } from '../source/inbox.js'
import { objectFile } from '../storage/objects.js'
import type { Storage } from '../storage/storage.js'
import type { Queue } from './queue.js'
import type { Spool } from './spool.js'

/** Where from, where to. */
export interface DrainPorts {
  readonly store: Storage
  readonly spool: Spool
}

/** What a drain did. `stopped` says why some still wait; without it nothing does. */
export interface Drained {
  readonly pushes: number
  readonly stopped?: string
}

/**
 * Drains the queue of one model. That one of the two stores does not answer, or that the bytes of a push are damaged, is
 * an outcome: what waits goes on waiting, and the next drain begins there. Rejects when aborted.
 */
export async function drain({ store, spool }: DrainPorts, model: string, signal?: AbortSignal): Promise<Drained> {
  const queue = spool.queue(model)
  let pushes = 0
  try {
    let done = await queue.drainedUpTo()
    await queue.removeObject(done)
    for (;;) {
      signal?.throwIfAborted()
      const next = await drainNext(store, queue, done + 1)
      if (next === 'end') return { pushes }
      done++
      pushes++
    }
  } catch (thrown) {
    if (!(thrown instanceof RefitError) || thrown.code === 'Cancelled') throw thrown
    return { pushes, stopped: messageOf(thrown) }
  }
}

/** Drains every queue in which something waits; a queue that stops does not stop the others. */
export async function drainAll(ports: DrainPorts, signal?: AbortSignal): Promise<ReadonlyMap<string, Drained>> {
  const drained = new Map<string, Drained>()
  for (const model of (await ports.spool.survey()).keys()) drained.set(model, await drain(ports, model, signal))
  return drained
}

async function drainNext(store: Storage, queue: Queue, seq: number): Promise<'moved' | 'end'> {
  const entry = await queue.at(seq)
  if (entry === undefined) return 'end'
  const { object, format } = entry.body
  try {
    const path = await objectFile(queue.storage, object)
    const stored = await storeAcknowledged(store, queue.model, { key: entry.id, format, path })
    await queue.markDrained(seq, stored.entry.seq)
  } catch (thrown) {
    // Another drainer may have been faster, and have removed the bytes.
    if ((await queue.drainedUpTo()) < seq) throw thrown
  }
  await queue.removeObject(seq)
  return 'moved'
}
