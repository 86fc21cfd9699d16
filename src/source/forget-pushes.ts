/** Removing the bytes of pushes that are committed: they are not needed any more, and may hold somebody who must be forgotten. */
import type { LogEntry } from '../storage/log.js'
import type { Storage } from '../storage/storage.js'
import { inboxLog, inboxObjects, type Push } from './inbox.js'
import type { ForgottenBytes } from './source.js'

/**
 * Removes the bytes of all pushes up to a number, but for bytes that a later one has too, as pushes of an earlier version of
 * Refit may: such bytes are put back when they are pushed at this moment. Gives what was removed, or would be when it is dry.
 */
export async function forgetPushes(
  storage: Storage,
  model: string,
  { upTo, isDry = false }: { readonly upTo: number; readonly isDry?: boolean | undefined },
): Promise<readonly ForgottenBytes[]> {
  const log = inboxLog(storage, model)
  const [committed, later] = [new Map<string, number>(), new Set<string>()]
  let last = 0
  const note = ({ seq, body: { object } }: LogEntry<Push>) => {
    if (seq <= upTo) committed.set(object.uri, object.bytes)
    else later.add(object.uri)
    last = Math.max(last, seq)
  }
  for await (const push of log.entries()) note(push)
  const forgotten: ForgottenBytes[] = []
  // Of years of pushes few are there: only those are looked at.
  for await (const key of storage.list(`${inboxObjects(model)}/`)) {
    const bytes = committed.get(key)
    if (bytes === undefined || later.has(key)) continue
    if (!isDry) await remove(key)
    forgotten.push({ key, bytes })
  }
  return forgotten

  async function remove(key: string): Promise<void> {
    const body = await storage.read(key)
    await storage.remove(key)
    for await (const push of log.entries({ from: last + 1 })) note(push)
    if (body !== undefined && later.has(key)) await storage.create(key, body)
  }
}
