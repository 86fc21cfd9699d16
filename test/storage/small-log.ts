/** What the tests of the log share: a small log in a fresh store. */
import type { TestContext } from 'node:test'
import { z } from 'zod'
import { createLocalStorage } from '../../src/storage/local.js'
import { type Log, type LogEntry, type LogOptions, openLog } from '../../src/storage/log.js'
import type { Storage } from '../../src/storage/storage.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** Where the log is. */
export const PREFIX = 'datasets/d/log'
/** Body of an entry. */
export const Body = z.strictObject({ value: z.number() })
/** Body of an entry. */
export type Body = z.infer<typeof Body>

/** Opens the log of a store, as another process would. */
export const open = (storage: Storage, options?: LogOptions): Log<Body> => openLog(storage, PREFIX, Body, options)
/** A wish to append. */
export const wish = (id: string, value = 0) => ({ id, actor: 'test', body: { value } })
/** The ids of entries, in order. */
export const idsOf = (entries: readonly LogEntry<unknown>[]): string[] => entries.map(({ id }) => id)

/** A fresh store that is removed when the test ends. */
export async function freshStore(t: TestContext): Promise<Storage> {
  return createLocalStorage(await temporaryFolder(t))
}

/** Appends `e1` … `eN`. */
export async function fill(log: Log<Body>, length: number): Promise<void> {
  for (let number = 1; number <= length; number++) await log.append(wish(`e${number}`, number))
}
