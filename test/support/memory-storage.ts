/** A store in memory, for tests that are about what is in a store and not about how it gets there. */
import type { Storage } from '../../src/storage/storage.js'

/** An empty store without files. */
export function memoryStorage(): Storage {
  const objects = new Map<string, { readonly body: Uint8Array; readonly modifiedAt: Date }>()
  const noFiles = () => Promise.reject(new Error('a store in memory has no files'))
  const put = (key: string, body: Uint8Array) => objects.set(key, { body, modifiedAt: new Date() })
  return {
    location: 'memory:',
    async create(key, body) {
      const isNew = !objects.has(key)
      if (isNew) put(key, body)
      return isNew
    },
    createFromFile: noFiles,
    read: async (key) => objects.get(key)?.body,
    async *list(prefix, after = '') {
      yield* [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
    },
    async stat(key) {
      const found = objects.get(key)
      return found && { bytes: found.body.byteLength, modifiedAt: found.modifiedAt }
    },
    async replace(key, body) {
      put(key, body)
    },
    async remove(key) {
      objects.delete(key)
    },
    toLocalFile: noFiles,
  }
}
