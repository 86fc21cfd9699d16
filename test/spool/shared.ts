/** What the tests of the spool share: a store, a spool, and a receiver between them. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { RefitError } from '../../src/errors.js'
import { inboxLog } from '../../src/source/inbox.js'
import { createReception, type Reception } from '../../src/spool/reception.js'
import type { SpoolLimits } from '../../src/spool/room.js'
import { Spool } from '../../src/spool/spool.js'
import { createLocalStorage } from '../../src/storage/local.js'
import type { Storage } from '../../src/storage/storage.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** Limits that no test reaches by chance. */
export const WIDE: SpoolLimits = { maxBytes: 1_000_000, maxHours: 72 }

/** Two stores that work; tests put faults before them. */
export interface SpoolWorld {
  readonly store: Storage
  readonly spool: Storage
  readonly scratchFolder: string
}

/** A fresh world, removed when the test ends. */
export async function openWorld(t: TestContext): Promise<SpoolWorld> {
  const root = await temporaryFolder(t)
  return {
    store: await createLocalStorage(join(root, 'store')),
    spool: await createLocalStorage(join(root, 'spool')),
    scratchFolder: join(root, 'scratch'),
  }
}

/** A receiver as a process that has just started. */
export function startReceiver({ store, spool, scratchFolder }: SpoolWorld, limits = WIDE) {
  const opened = new Spool(spool, limits)
  const reception = createReception({
    store,
    spool: opened,
    scratchFolder,
    hasModel: async (name) => name === 'flights',
  })
  return { spool: opened, reception, ports: { store, spool: opened } }
}

/** Pushes a text to `flights`. */
export function push(reception: Reception, key: string, body: string) {
  return reception.receive({ model: 'flights', key, format: 'json', chunks: once(body) })
}

async function* once(body: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(body)
}

/** What is in the inbox, in order: key and bytes. The objects are read, so that one that is gone is noticed. */
export async function inbox(store: Storage): Promise<readonly (readonly [key: string, body: string])[]> {
  const found: [string, string][] = []
  for await (const { id, body } of inboxLog(store, 'flights').entries()) {
    found.push([id, await readFile(await store.toLocalFile(body.object.uri), 'utf8')])
  }
  return found
}

/** Keys of a store below a prefix. */
export async function keysIn(storage: Storage, prefix: string): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const key of storage.list(prefix)) keys.push(key)
  return keys
}

/** A store that rejects everything while it is down. */
export function switchable(real: Storage) {
  const state = { isDown: false }
  const guarded = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (state.isDown) throw unavailable()
      return call(...args)
    }
  }
  const storage: Storage = {
    location: real.location,
    create: guarded((key, body) => real.create(key, body)),
    createFromFile: guarded((key, path, sha256) => real.createFromFile(key, path, sha256)),
    read: guarded((key) => real.read(key)),
    async *list(prefix, after) {
      if (state.isDown) throw unavailable()
      yield* real.list(prefix, after)
    },
    replace: guarded((key, body) => real.replace(key, body)),
    remove: guarded((key) => real.remove(key)),
    stat: guarded((key) => real.stat(key)),
    toLocalFile: guarded((key) => real.toLocalFile(key)),
  }
  return { storage, state }
}

const unavailable = () =>
  new RefitError('StoreUnavailable', 'Cannot reach the store: switched off by the test. Try again.')
