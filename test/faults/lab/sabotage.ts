/** Builds of Refit that break a promise, made by wrapping its stores: the laboratory must tell each from the honest one. */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Storage } from '../../../src/storage/storage.js'
import { wrapStorage } from '../../support/wrap-storage.js'

/**
 * `noFsync`: fsync says yes and does nothing (`power.ts`). `overwrite`: create does not look whether the key exists.
 * `earlyAnswer`: objects are acknowledged, and so named by a log entry and answered to a producer, before they are durable.
 */
export const SABOTAGES = ['none', 'noFsync', 'overwrite', 'earlyAnswer'] as const
/** A sabotaged build, or the honest one. */
export type Sabotage = (typeof SABOTAGES)[number]

/** Long enough for the entry that names the object to be written first. */
const LATE_MS = 700
/** Objects with rows: of the dataset, of the inbox, of the spool. */
const ROWS = /^(datasets\/[^/]+\/(partitions|quarantine|inbox\/objects)|spool\/[^/]+\/objects)\//

/** A store of a sabotaged build. */
export function sabotaged(real: Storage, sabotage: Sabotage): Storage {
  switch (sabotage) {
    case 'overwrite':
      return withCreate(real, async (key, body) => {
        await real.replace(key, body)
        return true
      })
    case 'earlyAnswer':
      return withCreate(real, async (key, body) => {
        if (!ROWS.test(key)) return real.create(key, body)
        // Nobody waits for it, which is the sabotage.
        void sleep(LATE_MS).then(() => real.create(key, body))
        return true
      })
    default:
      return real
  }
}

function withCreate(real: Storage, create: Storage['create']): Storage {
  const createFromFile = async (key: string, path: string) => create(key, await readFile(path))
  return wrapStorage(real, { create, createFromFile })
}
