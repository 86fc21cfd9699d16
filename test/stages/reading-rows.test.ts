import assert from 'node:assert/strict'
import { test } from 'node:test'
import { datasetLog } from '../../src/data/dataset/dataset-log.js'
import { RefitError } from '../../src/errors.js'
import { readingRows } from '../../src/stages/reading-rows.js'
import { lateOrdersSpec } from '../support/late-orders.js'
import { memoryStorage } from '../support/memory-storage.js'
import { rejection } from '../support/rejection.js'

test('rows whose object is removed while they are read are read again; what is simply not there is not', async () => {
  const storage = memoryStorage()
  const read = (removes: boolean) =>
    readingRows(storage, lateOrdersSpec(), async () => {
      const removed = { verb: 'erase' as const, why: 'test', objects: ['a.parquet'], bytes: 1 }
      if (removes) await datasetLog(storage, 'orders').append({ id: 'a', actor: 'test', body: { removed } })
      throw new RefitError('NotFound', 'there is no such object')
    })
  assert.equal((await rejection(read(false), 'NotFound')).permanent, true)
  assert.equal((await rejection(read(true), 'Conflict')).permanent, false)
  // It was removed before this attempt began: the next one would find nothing else.
  assert.equal((await rejection(read(true), 'NotFound')).permanent, true)
})
