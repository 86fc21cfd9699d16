import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { selectRows } from '../../../src/data/selection/select.js'
import { compact } from '../../../src/data/upkeep/compact.js'
import { verifyAccounting } from '../../../src/data/verify/verify.js'
import { openWorkshop, type Workshop } from '../workshop.js'
import { dayOf, ingestDays, ordersAt, ordersSpec } from './orders.js'

const REQUEST = { dataset: 'flights', actor: 'test', why: 'many small partitions' }

const select = async ({ context }: Workshop, position?: number) =>
  selectRows(context, {
    spec: ordersSpec(),
    snapshot: await openSnapshot(context, 'flights', position),
    window: { from: null, to: `${dayOf(4)}T00:00:00Z`, maxRows: 30, oldUntil: null, oldShare: null },
    holdoutDays: 2,
    asOf: `${dayOf(4)}T00:00:00Z`,
    seed: 3,
  })

test('a compaction changes nothing that is read: rows, order, positions, selections, earlier positions', async (t) => {
  const workshop = await openWorkshop(t)
  await ingestDays(workshop, 3)
  const positions = [2, 3]
  const before = await Promise.all(positions.map((position) => ordersAt(workshop, position)))
  const selected = await select(workshop)
  const account = await verifyAccounting(workshop.context, 'flights')
  const [planned] = await compact(workshop.context, { ...REQUEST, isDry: true })
  assert.deepEqual([planned?.of, planned?.rows, planned?.entry], [[1, 2, 3], 60, null])
  const [merged] = await compact(workshop.context, REQUEST)
  assert.deepEqual([merged?.of, merged?.rows, merged?.entry], [[1, 2, 3], 60, 4])
  const { partitions, commits, seq } = await openSnapshot(workshop.context, 'flights')
  assert.deepEqual([partitions.length, commits.length, seq], [1, 3, 4])
  assert.deepEqual(await ordersAt(workshop), before[1])
  assert.deepEqual(await Promise.all(positions.map((position) => ordersAt(workshop, position))), before)
  assert.deepEqual(await select(workshop), selected)
  assert.deepEqual(await verifyAccounting(workshop.context, 'flights'), account)
  assert.deepEqual(account.differences, [])
  assert.deepEqual(await compact(workshop.context, REQUEST), [])
})
