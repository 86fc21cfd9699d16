import { RefitError } from '../errors.js'

/** Longer than a store that works takes for a small object; a producer that waits in vain for longer gives up. */
const PATIENCE_MS = 15_000
/** Slower than this a store is as good as away. */
const SLOWEST_BYTES_PER_MS = 1_000

/**
 * What a promise gives, if it does so in time: 15 seconds, and one more for each MB. Else rejects with
 * `StoreUnavailable`; what it was about may still happen.
 */
export async function withPatience<T>(promise: Promise<T>, bytes = 0): Promise<T> {
  const limitMs = PATIENCE_MS + bytes / SLOWEST_BYTES_PER_MS
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow(limitMs)), limitMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function tooSlow(limitMs: number): RefitError {
  const seconds = Math.round(limitMs / 1_000)
  return new RefitError(
    'StoreUnavailable',
    `Cannot wait for the store: no answer within ${seconds} seconds. Try again.`,
  )
}
