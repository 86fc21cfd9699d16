/** A store that need not be there yet: opened by the first operation that finds it, so that a process can start without it. */
import type { Storage } from './storage.js'

/**
 * The store behind `open`, which each operation calls again until it succeeded once. Operations reject as `open` does
 * while it fails. `location` is what the operator wrote.
 */
export function createEventualStorage(location: string, open: () => Promise<Storage>): Storage {
  let opened: Promise<Storage> | undefined
  const store = (): Promise<Storage> => {
    opened ??= open().catch((thrown: unknown) => {
      opened = undefined
      throw thrown
    })
    return opened
  }
  return {
    location,
    create: async (key, body) => (await store()).create(key, body),
    createFromFile: async (key, path, sha256) => (await store()).createFromFile(key, path, sha256),
    read: async (key) => (await store()).read(key),
    async *list(prefix, after) {
      yield* (await store()).list(prefix, after)
    },
    stat: async (key) => (await store()).stat(key),
    replace: async (key, body) => (await store()).replace(key, body),
    remove: async (key) => (await store()).remove(key),
    toLocalFile: async (key) => (await store()).toLocalFile(key),
  }
}
