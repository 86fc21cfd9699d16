/** Stores that do one thing or another differently, for tests. */
import type { Storage } from '../../src/storage/storage.js'

/** The store, but for what is replaced. */
export function wrapStorage(real: Storage, replaced: Partial<Storage>): Storage {
  return {
    location: real.location,
    create: (key, body) => real.create(key, body),
    createFromFile: (key, path, sha256) => real.createFromFile(key, path, sha256),
    read: (key) => real.read(key),
    list: (prefix, after) => real.list(prefix, after),
    stat: (key) => real.stat(key),
    replace: (key, body) => real.replace(key, body),
    remove: (key) => real.remove(key),
    toLocalFile: (key) => real.toLocalFile(key),
    ...replaced,
  }
}

/** The four operations that change a store, each sent by `write`. */
export function aroundWrites(
  real: Storage,
  write: <T>(key: string, send: () => Promise<T>) => Promise<T>,
): Pick<Storage, 'create' | 'createFromFile' | 'replace' | 'remove'> {
  return {
    create: (key, body) => write(key, () => real.create(key, body)),
    createFromFile: (key, path, sha256) => write(key, () => real.createFromFile(key, path, sha256)),
    replace: (key, body) => write(key, () => real.replace(key, body)),
    remove: (key) => write(key, () => real.remove(key)),
  }
}
