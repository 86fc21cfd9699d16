import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { collectBatches } from '../../../src/data/ingestion/collect.js'
import { rejection } from '../../support/rejection.js'
import { flightsSpec, openWorkshop } from '../workshop.js'

const BODY = 'date,delay,distance,origin,destination\n2001-01-01,1,1,SEA,ORD'

test('only files that were not committed are collected, in the order of their paths', async (t) => {
  const workshop = await openWorkshop(t)
  const { context, folder, files } = workshop
  const spec = flightsSpec()
  const collect = async () => (await collectBatches(context, { dataset: 'flights', from: files, limit: 10 })).batches
  assert.deepEqual(await collect(), [])
  const late = await workshop.put('in/2001-02.csv', BODY)
  const early = await workshop.put('in/2001-01.csv', `${BODY}\n`)
  await workshop.put('in/.2001-03.csv.part', BODY)
  assert.deepEqual(await collect(), [early, late])
  await workshop.ingest(spec, early)
  assert.deepEqual(await collect(), [late])
  const grown = await workshop.put('in/2001-01.csv', `${BODY}\n\n`)
  assert.deepEqual(await collect(), [grown, late])
  await rename(join(folder, 'in'), join(folder, 'elsewhere'))
  assert.equal(
    (await rejection(collect(), 'NotFound')).message,
    `Cannot look for batches in "${join(folder, 'in')}": there is no such folder. Create it, or correct data.source.glob of the spec.`,
  )
})

test('a page names so many batches, says whether others wait, and leaves out what failed', async (t) => {
  const workshop = await openWorkshop(t)
  const { context, files: from } = workshop
  for (const name of ['a', 'b', 'c']) await workshop.put(`in/${name}.csv`, `${BODY}${name}`)
  const page = async (limit: number, failed: readonly string[] = []) => {
    const { batches, isLast } = await collectBatches(context, { dataset: 'flights', from, limit, failed })
    return [...batches.map(({ path }) => path), isLast]
  }
  assert.deepEqual(await page(2), ['in/a.csv', 'in/b.csv', false])
  assert.deepEqual(await page(3), ['in/a.csv', 'in/b.csv', 'in/c.csv', true])
  assert.deepEqual(await page(2, ['in/b.csv']), ['in/a.csv', 'in/c.csv', true])
})
