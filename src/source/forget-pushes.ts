/** Removing the bytes of pushes that are committed: they are not needed any more, and may hold somebody who must be forgotten. */
import type { LogEntry } from '../storage/log.js'
import type { Storage } from '../storage/storage.js'
import { inboxLog, type Push } from './inbox.js'

/**
 * Removes the bytes of all pushes up to a number, but for bytes that a later one has too. Gives their size. A producer may push
 * the very same bytes at this moment: they are put back then.
 */
export async function forgetPushes(storage: Storage, model: string, upTo: number): Promise<number> {
  const log = inboxLog(storage, model)
  const [committed, later] = [new Map<string, number>(), new Set<string>()]
  let last = 0
  const note = ({ seq, body: { object } }: LogEntry<Push>) => {
    if (seq <= upTo) committed.set(object.uri, object.bytes)
    else later.add(object.uri)
    last = Math.max(last, seq)
  }
  for await (const push of log.entries()) note(push)
  let bytes = 0
  for (const [key, size] of committed) {
    const body = later.has(key) ? undefined : await storage.read(key)
    if (body === undefined) continue
    await storage.remove(key)
    bytes += size
    for await (const push of log.entries({ from: last + 1 })) note(push)
    if (later.has(key)) await storage.create(key, body)
  }
  return bytes
}
