/**
 * A store whose writes fail as networks make them fail: before they land, after they landed, or with a wrong "exists".
 */
import { RefitError } from '../../src/errors.js'
import type { Storage } from '../../src/storage/storage.js'
import { wrapStorage } from './wrap-storage.js'

/**
 * What happens to one write. `lostAnswer`: it lands and rejects. `neverArrived`: it rejects. `repeatedByClient`: it
 * lands and the caller hears "exists", since the client sent it twice.
 */
export type Fate = 'fine' | 'lostAnswer' | 'neverArrived' | 'repeatedByClient'

/** What a test may meddle with. */
export interface FlakyOptions {
  /** The fate of the next write to this key. */
  readonly fate: (key: string) => Fate
  /** Whether the next read of this key rejects. */
  readonly failsToRead?: (key: string) => boolean
}

/** The store with faults injected; everything else is the real store's doing. */
export function flakyStorage(real: Storage, { fate, failsToRead = () => false }: FlakyOptions): Storage {
  const write = async <T>(key: string, send: () => Promise<T>, exists: T): Promise<T> => {
    const chosen = fate(key)
    if (chosen === 'neverArrived') throw lost(key)
    const answer = await send()
    if (chosen === 'lostAnswer') throw lost(key)
    return chosen === 'repeatedByClient' ? exists : answer
  }
  return wrapStorage(real, {
    create: (key, body) => write(key, () => real.create(key, body), false),
    createFromFile: (key, path, sha256) => write(key, () => real.createFromFile(key, path, sha256), false),
    replace: (key, body) => write(key, () => real.replace(key, body), undefined),
    remove: (key) => write(key, () => real.remove(key), undefined),
    read: async (key) => {
      if (failsToRead(key)) throw lost(key)
      return real.read(key)
    },
  })
}

function lost(key: string): RefitError {
  return new RefitError('StoreUnavailable', `Cannot reach "${key}": injected by the test. Try again.`)
}
