import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_ROWS } from '../../../src/data/dataset/commit.js'
import { commitAt, datasetLog } from '../../../src/data/dataset/dataset-log.js'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { selectRows } from '../../../src/data/selection/select.js'
import { compact } from '../../../src/data/upkeep/compact.js'
import type { Storage } from '../../../src/storage/storage.js'
import { wrapStorage } from '../../support/wrap-storage.js'
import { openWorkshop } from '../workshop.js'
import { dayOf, ingestDays, ordersSpec } from './orders.js'

test('a snapshot of a long log is read without a listing, and without most of the log', async (t) => {
  const workshop = await openWorkshop(t)
  const { context } = workshop
  await ingestDays(workshop, 3)
  await compact(context, { dataset: 'flights', actor: 'test', why: 'many small partitions' })
  const log = datasetLog(context.storage, 'flights')
  const { batch, source, specRevision } = (await commitAt(log, 1)).commit
  const known = {
    batch,
    source,
    specRevision,
    receipt: { ...NO_ROWS, rowsIn: 20, duplicates: 20 },
    from: null,
    to: null,
  }
  for (let n = 0; n < 110; n++) await log.append({ id: `known-${n}`, actor: 'test', body: known })
  await openSnapshot(context, 'flights')
  const calls = { list: 0, read: 0, toLocalFile: 0 }
  const storage = counting(context.storage, calls)
  const counted = { ...context, storage }
  const selected = await selectRows(counted, {
    spec: ordersSpec(),
    snapshot: await openSnapshot(counted, 'flights'),
    window: { from: null, to: `${dayOf(4)}T00:00:00Z`, maxRows: 30, oldUntil: null, oldShare: null },
    holdoutDays: 2,
    asOf: `${dayOf(4)}T00:00:00Z`,
    seed: 3,
  })
  assert.ok(selected.trainingRows > 0)
  assert.equal(calls.list, 0)
  // One for all that was kept, and a few for what came since, which may be up to a hundred entries.
  assert.ok(calls.read < 60, `${calls.read} reads for ${(await log.head())?.seq} entries`)
  assert.equal(calls.toLocalFile, 1)
})

function counting(real: Storage, calls: Record<'list' | 'read' | 'toLocalFile', number>): Storage {
  const count = <T>(name: keyof typeof calls, answer: T): T => {
    calls[name]++
    return answer
  }
  return wrapStorage(real, {
    read: (key) => count('read', real.read(key)),
    list: (prefix, after) => count('list', real.list(prefix, after)),
    toLocalFile: (key) => count('toLocalFile', real.toLocalFile(key)),
  })
}
