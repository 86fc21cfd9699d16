/**
 * A lock file between processes, also of different hosts that share a home folder:
 *
 * 1. Who creates the file holds the lock, and touches it every few seconds as long as it lives.
 * 2. A file that nobody touched for `STALE_MS` belongs to a process that died; it is removed and the lock fought for.
 * 3. Two processes that see the same stale file may both get in. That costs work and harms nothing here: what is made
 *    under the lock is put in place by rename, and both make the same.
 */
import { open, rm, stat, utimes } from 'node:fs/promises'
import { setInterval } from 'node:timers'
import { setTimeout as sleep } from 'node:timers/promises'

const TOUCH_EVERY_MS = 5_000
/** Several missed touches: a busy machine must not lose its lock. */
const STALE_MS = 40_000
const POLL_EVERY_MS = 500

/** Runs `work` while no other process does. `waiting` is told how long it has waited, about twice a second. */
export async function withLock<T>(
  file: string,
  { signal, waiting }: { readonly signal: AbortSignal; waiting(seconds: number): void },
  work: () => Promise<T>,
): Promise<T> {
  for (let polls = 0; !(await take(file)); polls++) {
    waiting((polls * POLL_EVERY_MS) / 1000)
    await sleep(POLL_EVERY_MS, undefined, { signal })
  }
  const touching = setInterval(() => void touch(file), TOUCH_EVERY_MS)
  try {
    return await work()
  } finally {
    clearInterval(touching)
    await rm(file, { force: true })
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await (await open(file, 'wx')).close()
    return true
  } catch (thrown) {
    if (!isCode(thrown, 'EEXIST')) throw thrown
  }
  if (await isStale(file)) await rm(file, { force: true })
  return false
}

async function isStale(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > STALE_MS
}

/** A touch that fails is no reason to stop: at worst another process takes over, see 3. */
async function touch(file: string): Promise<void> {
  const now = new Date()
  await utimes(file, now, now).catch(() => undefined)
}

function isCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code
}
