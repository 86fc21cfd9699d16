import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ofCommits } from '../../../src/data/dataset/partition.js'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { readBatches } from '../../../src/data/selection/read.js'
import { compact } from '../../../src/data/upkeep/compact.js'
import { verifyAccounting } from '../../../src/data/verify/verify.js'
import { objectFile } from '../../../src/storage/objects.js'
import { openWorkshop } from '../workshop.js'
import { ingestDay, ingestDays, ordersAt, ordersSpec, someOrders } from './orders.js'

const REQUEST = { dataset: 'flights', actor: 'test', why: 'many small partitions' }

test('keys of merged rows are known, and what comes later is merged with what was merged', async (t) => {
  const workshop = await openWorkshop(t)
  await ingestDays(workshop, 5)
  await compact(workshop.context, REQUEST)
  const { commit } = await ingestDay(workshop, 5, [...someOrders(0, 3), ...someOrders(200, 40)])
  assert.deepEqual([commit.receipt.kept, commit.receipt.duplicates], [40, 3])
  const before = await ordersAt(workshop)
  const [merged] = await compact(workshop.context, REQUEST)
  assert.deepEqual([merged?.of, merged?.rows], [[6, 7], 140])
  assert.deepEqual(await ordersAt(workshop), before)
  assert.deepEqual((await verifyAccounting(workshop.context, 'flights')).differences, [])
})

test('of two compactions at a time one wins, and each row is there once', async (t) => {
  const workshop = await openWorkshop(t)
  await ingestDays(workshop, 5)
  const before = await ordersAt(workshop)
  const merged = await Promise.all([compact(workshop.context, REQUEST), compact(workshop.context, REQUEST)])
  assert.deepEqual(new Set(merged.flat().map(({ entry }) => entry)), new Set([6]))
  assert.deepEqual(await ordersAt(workshop), before)
  assert.deepEqual((await verifyAccounting(workshop.context, 'flights')).differences, [])
})

test('of two compactions that overlap one wins what both want, and each row is there once', async (t) => {
  const workshop = await openWorkshop(t)
  await ingestDays(workshop, 5)
  const before = await ordersAt(workshop)
  await Promise.all([compact(workshop.context, REQUEST), compact(workshop.context, { ...REQUEST, maxSpanDays: 1 })])
  assert.deepEqual(await ordersAt(workshop), before)
  assert.deepEqual((await verifyAccounting(workshop.context, 'flights')).differences, [])
})

test('rows of some commits are read from what they were merged into, and no others: a merge brings nothing new', async (t) => {
  const workshop = await openWorkshop(t)
  await ingestDays(workshop, 5)
  await compact(workshop.context, REQUEST)
  const { partitions, commits } = await openSnapshot(workshop.context, 'flights')
  const chosen = ofCommits(partitions, (commit) => commit === 2 || commit > 3)
  const files = await Promise.all(chosen.map(({ object }) => objectFile(workshop.context.storage, object)))
  const read = readBatches(workshop.context, {
    files,
    partitions: chosen,
    features: [{ name: 'order_id', kind: 'numeric' }],
  })
  const ids: number[] = []
  for await (const { columns } of read) ids.push(...Array.from(columns.order_id?.values ?? [], Number))
  const day = (first: number) => Array.from({ length: 20 }, (_, i) => first + i)
  assert.deepEqual(ids, [...day(20), ...day(60), ...day(80)])
  assert.equal(commits.at(-1)?.seq, 5)
})

test('partitions with other columns are not merged', async (t) => {
  const workshop = await openWorkshop(t)
  await ingestDay(workshop, 0, someOrders(0, 5))
  await ingestDay(workshop, 1, someOrders(5, 5))
  const derived = { dear: { type: 'boolean', sql: 'amount > 50' } }
  await ingestDay(workshop, 2, someOrders(10, 5), ordersSpec({ derived }))
  await ingestDay(workshop, 3, someOrders(15, 5), ordersSpec({ derived }))
  const before = await ordersAt(workshop)
  assert.deepEqual(
    (await compact(workshop.context, REQUEST)).map(({ of }) => of),
    [
      [1, 2],
      [3, 4],
    ],
  )
  assert.deepEqual(await ordersAt(workshop), before)
})
