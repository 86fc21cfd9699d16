import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 50
/** Generous: it only decides how soon a broken test ends. */
const AT_MOST_MS = 90_000

/** Waits until `look` finds something, looking again and again; what it throws counts as nothing found. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false | null>): Promise<T> {
  const deadline = Date.now() + AT_MOST_MS
  let last: unknown
  while (Date.now() < deadline) {
    try {
      const found = await look()
      if (found !== undefined && found !== null && found !== false) return found
    } catch (thrown) {
      last = thrown
    }
    await sleep(LOOK_EVERY_MS)
  }
  throw new Error(`Waited in vain for ${what}`, { cause: last })
}
