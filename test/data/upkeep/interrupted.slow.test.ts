/** Whatever is done to partitions may be killed before or after any write: done again, it comes to the same end. */
import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { DataContext } from '../../../src/data/engine/context.js'
import { collectGarbage } from '../../../src/data/upkeep/collect-garbage.js'
import { compact } from '../../../src/data/upkeep/compact.js'
import { erase } from '../../../src/data/upkeep/erase.js'
import { finishRemovals } from '../../../src/data/upkeep/remove-objects.js'
import { verifyAccounting } from '../../../src/data/verify/verify.js'
import { createLocalStorage } from '../../../src/storage/local.js'
import type { Storage } from '../../../src/storage/storage.js'
import { collect } from '../../support/collect.js'
import { aroundWrites, wrapStorage } from '../../support/wrap-storage.js'
import { openWorkshop } from '../workshop.js'
import { ingestDay, ordersSpec } from './orders.js'

const BY = { actor: 'test', why: 'test' }

/** Dies before its nth write, or right after it; what is derived does not count. */
function mortal(real: Storage, { nth, isAfter }: { readonly nth: number; readonly isAfter: boolean }): Storage {
  let writes = 0
  const write = async <T>(key: string, send: () => Promise<T>): Promise<T> => {
    if (!key.includes('/index/')) writes++
    if (writes < nth) return send()
    if (writes === nth && isAfter) await send()
    throw new Error('killed')
  }
  return wrapStorage(real, aroundWrites(real, write))
}

/** All that is done to a dataset, one after the other. */
async function upkeep(context: DataContext): Promise<void> {
  const spec = ordersSpec()
  const dataset = spec.model
  await finishRemovals(context, dataset)
  await compact(context, { dataset, ...BY })
  const person = { customer: ['2'] }
  await erase(context, { spec, person, inText: false, specAt: async () => spec, ...BY })
  await collectGarbage(context, { dataset, positions: [], selections: new Set(), since: '9999', ...BY })
}

/** What is there in the end, by content. */
async function endOf({ storage }: DataContext): Promise<readonly string[]> {
  const folders = ['partitions', 'profiles', 'quarantine']
  const keys = await Promise.all(folders.map((folder) => collect(storage.list(`datasets/flights/${folder}/`))))
  return keys.flat().map((key) => key.replace(/-\d+(?=\.)/, ''))
}

test('a compaction, an erasure and a collection that are killed at any write come to the same end when done again', async (t) => {
  const workshop = await openWorkshop(t)
  await ingestDay(workshop, 0, [
    { id: 1, customer: 1 },
    { id: 2, customer: 2 },
  ])
  const broken = { id: 5, customer: 1, amount: -1 }
  await ingestDay(workshop, 1, [{ id: 3, customer: 3 }, { id: 4, customer: 2, amount: -1 }, broken])
  const master = fileURLToPath(workshop.context.storage.location)
  const copy = async (name: string): Promise<DataContext> => {
    const folder = join(workshop.folder, name)
    await cp(master, folder, { recursive: true })
    return { ...workshop.context, storage: await createLocalStorage(folder) }
  }
  const undisturbed = await copy('undisturbed')
  await upkeep(undisturbed)
  const [expected, account] = [await endOf(undisturbed), await verifyAccounting(undisturbed, 'flights')]
  assert.deepEqual([account.differences, account.kept, account.erased], [[], 2, 2])
  let isKilled = true
  // Dead before one write is dead after the one before it.
  for (let nth = 1; isKilled; nth += 2) {
    const context = await copy(`killed-${nth}`)
    const dying = { ...context, storage: mortal(context.storage, { nth, isAfter: nth % 4 === 3 }) }
    isKilled = await upkeep(dying).then(
      () => false,
      () => true,
    )
    await upkeep(context)
    assert.deepEqual(await endOf(context), expected, `killed at write ${nth}`)
    assert.deepEqual(await verifyAccounting(context, 'flights'), account, `killed at write ${nth}`)
  }
})
