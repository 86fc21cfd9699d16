import assert from 'node:assert/strict'
import { test } from 'node:test'
import { datasetFolder, datasetLog } from '../../../src/data/dataset/dataset-log.js'
import { loadProfiles, openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { readWaitingRows, waitingBatches } from '../../../src/data/quarantine/quarantine.js'
import { compact } from '../../../src/data/upkeep/compact.js'
import { type Erasure, erase } from '../../../src/data/upkeep/erase.js'
import { erasedSince } from '../../../src/data/upkeep/erasures.js'
import { parsePerson } from '../../../src/data/upkeep/person.js'
import { retire } from '../../../src/data/upkeep/retire.js'
import { verifyAccounting } from '../../../src/data/verify/verify.js'
import { mergeProfiles } from '../../../src/statistics/merge-profiles.js'
import { collect } from '../../support/collect.js'
import { rejection } from '../../support/rejection.js'
import { openWorkshop, query, type Workshop } from '../workshop.js'
import { ingestDay, ordersAt, ordersSpec } from './orders.js'

const BY = { actor: 'test', why: 'request 17' }

/** Three days; customer 2 has orders on the first two, one of them broken, and one in a line that cannot be taken apart. */
async function ingestDays(workshop: Workshop): Promise<void> {
  await ingestDay(
    workshop,
    0,
    [1, 2, 3, 4].map((id) => ({ id, customer: id })),
  )
  await ingestDay(workshop, 1, [
    { id: 5, customer: 1 },
    { id: 6, customer: 2 },
    { id: 7, customer: 2, amount: -1 },
    { id: 8, customer: 1, amount: -1 },
  ])
  const torn = 'order_id,customer,at,amount,country\n9,3,2001-01-03,4,C0\n10,2,2001-01-03,4,C2,more\n'
  await workshop.ingest(ordersSpec(), await workshop.put('in/torn.csv', torn))
}

const eraseFrom = (workshop: Workshop, keys: readonly string[], rest: object = {}): Promise<Erasure> =>
  erase(workshop.context, {
    ...{ spec: ordersSpec(), person: parsePerson(keys), inText: false, ...BY },
    specAt: async () => ordersSpec(),
    ...rest,
  })

/** Rows of a customer in any Parquet object of the dataset, by whatever name. */
async function rowsAnywhere({ context: { storage } }: Workshop, where: string): Promise<number> {
  let rows = 0
  for (const folder of ['partitions', 'quarantine'] as const) {
    for (const key of await collect(storage.list(`${datasetFolder('flights', folder)}/`))) {
      const [found] = await query(
        `SELECT count(*) AS n FROM read_parquet('${await storage.toLocalFile(key)}') WHERE ${where}`,
      )
      rows += Number(found?.n)
    }
  }
  return rows
}

test('a person is erased from partitions, merged or not, and from quarantine; the sums hold, other rows stay what they were', async (t) => {
  const workshop = await openWorkshop(t)
  const { context } = workshop
  await ingestDays(workshop)
  await compact(context, { dataset: 'flights', ...BY })
  await ingestDay(workshop, 3, [
    { id: 11, customer: 2 },
    { id: 12, customer: 4 },
  ])
  const before = await ordersAt(workshop)
  const planned = await eraseFrom(workshop, ['customer=2'], { isDry: true })
  assert.deepEqual([planned.keptRows, planned.quarantinedRows, planned.commits], [3, 1, [1, 2, 5]])
  assert.deepEqual(await ordersAt(workshop), before)
  const { keptRows, quarantinedRows, commits } = await eraseFrom(workshop, ['customer=2'])
  assert.deepEqual([keptRows, quarantinedRows, commits], [3, 1, [1, 2, 5]])
  assert.deepEqual(
    await ordersAt(workshop),
    before.filter((order) => !/^(2|6|11)@/.test(order)),
  )
  assert.equal(await rowsAnywhere(workshop, "CAST(customer AS VARCHAR) = '2'"), 0)
  const { holds, differences, kept, erased, quarantined, rowsIn } = await verifyAccounting(context, 'flights')
  assert.deepEqual([holds, differences, kept, erased, quarantined, rowsIn], [true, [], 6, 4, 2, 12])
  assert.deepEqual((await eraseFrom(workshop, ['customer=2'])).objects, [])
  const log = await collect(datasetLog(context.storage, 'flights').entries())
  assert.ok(!JSON.stringify(log).includes('customer'))
  const { commits: all } = await openSnapshot(context, 'flights')
  const merged = mergeProfiles(await loadProfiles(context, all))
  assert.deepEqual([merged.rows, merged.label.known], [6, 6])
})

test('earlier positions are read without the person, and say so; a model that learned there is told of', async (t) => {
  const workshop = await openWorkshop(t)
  await ingestDays(workshop)
  await eraseFrom(workshop, ['customer=2'])
  const { gone } = await openSnapshot(workshop.context, 'flights', 2)
  assert.deepEqual(gone, { erased: 2, dropped: 0 })
  assert.deepEqual(await ordersAt(workshop, 2), ['1@0.0', '3@0.2', '4@0.3', '5@1.0'])
  const entries = await collect(datasetLog(workshop.context.storage, 'flights').entries())
  const since = (position: number) => erasedSince(entries, position)
  assert.deepEqual([since(1).rows, since(1).commits], [1, [1]])
  assert.deepEqual([since(3).rows, since(3).commits], [2, [1, 2]])
  assert.deepEqual(since(entries.length).commits, [])
})

test('what waits of the others in quarantine waits on; a torn line is found by its text when asked', async (t) => {
  const workshop = await openWorkshop(t)
  const { context } = workshop
  await ingestDays(workshop)
  await workshop.ingest(ordersSpec(), await workshop.put('in/unreadable.csv', 'nothing'))
  const { unsearchable } = await eraseFrom(workshop, ['customer=2'])
  assert.deepEqual(
    unsearchable.map(({ seq }) => seq),
    [4],
  )
  const left = waitingBatches((await openSnapshot(context, 'flights')).commits)
  assert.deepEqual(left.map(({ rows, reasons }) => [rows, reasons]).slice(0, 2), [
    [1, { 'row: fields': 1 }],
    [0, {}],
  ])
  const moved = left.at(-1) ?? assert.fail('something waits')
  assert.deepEqual(
    (await readWaitingRows(context, moved, 5)).map(({ values }) => values.order_id),
    ['8'],
  )
  const { quarantinedRows } = await eraseFrom(workshop, ['customer=2'], { inText: true })
  assert.equal(quarantinedRows, 1)
  assert.deepEqual((await verifyAccounting(context, 'flights')).differences, [])
})

test('rows that grew too old leave the dataset, and their bytes go when the person does', async (t) => {
  const workshop = await openWorkshop(t)
  const { context } = workshop
  await ingestDays(workshop)
  await ingestDay(workshop, 40, [{ id: 20, customer: 4 }])
  const request = { dataset: 'flights', retentionDays: 30, asOf: '2001-02-10T00:00:00Z', ...BY }
  const planned = await retire(context, { ...request, isDry: true })
  assert.deepEqual([planned.partitions, planned.rows, planned.entry], [3, 7, null])
  assert.equal((await retire(context, request)).entry, 5)
  assert.deepEqual(await ordersAt(workshop), ['20@3.0'])
  assert.equal((await ordersAt(workshop, 4)).length, 8)
  const { dropped, kept, differences } = await verifyAccounting(context, 'flights')
  assert.deepEqual([dropped, kept, differences], [7, 1, []])
  const { keptRows, commits } = await eraseFrom(workshop, ['customer=2'])
  assert.deepEqual([keptRows, commits], [0, [1, 2]])
  assert.equal(await rowsAnywhere(workshop, "CAST(customer AS VARCHAR) = '2'"), 0)
  assert.deepEqual((await verifyAccounting(context, 'flights')).differences, [])
})

test('a request that means nobody is refused', async (t) => {
  const workshop = await openWorkshop(t)
  const messages = [
    [['customer=two'], 'Cannot erase by customer: expected a value of type integer, got "two".'],
    [
      ['name=Ann'],
      'Cannot erase by "name": expected a column that arrives in "flights", which are order_id, customer, at, amount, country.',
    ],
  ] as const
  for (const [keys, message] of messages) {
    assert.equal((await rejection(eraseFrom(workshop, keys), 'InvalidInput')).message, message)
  }
  assert.throws(() => parsePerson(['42']), /expected COLUMN=VALUE/)
})
