import assert from 'node:assert/strict'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { collectBatches } from '../../src/data/collect.js'
import { rejection } from '../support/rejection.js'
import { flightsSpec, openWorkshop } from './workshop.js'

const BODY = 'date,delay,distance,origin,destination\n2001-01-01,1,1,SEA,ORD'

test('only files that were not committed are collected, in the order of their paths', async (t) => {
  const workshop = await openWorkshop(t)
  const { context, folder } = workshop
  const spec = flightsSpec()
  const request = { spec, folder }
  assert.deepEqual(await collectBatches(context, request), [])
  const late = await workshop.put('in/2001-02.csv', BODY)
  const early = await workshop.put('in/2001-01.csv', `${BODY}\n`)
  await workshop.put('in/.2001-03.csv.part', BODY)
  assert.deepEqual(await collectBatches(context, request), [early, late])
  await workshop.ingest(spec, early)
  assert.deepEqual(await collectBatches(context, request), [late])
  const grown = await workshop.put('in/2001-01.csv', `${BODY}\n\n`)
  assert.deepEqual(await collectBatches(context, request), [grown, late])
  await rename(join(folder, 'in'), join(folder, 'elsewhere'))
  assert.equal(
    (await rejection(collectBatches(context, request), 'NotFound')).message,
    `Cannot look for batches of "flights" in "${join(folder, 'in')}": there is no such folder. Create it, or correct data.source.glob of the spec.`,
  )
})

test('a glob may be absolute, reach up, or go deep', async (t) => {
  const workshop = await openWorkshop(t)
  const { context, folder } = workshop
  await mkdir(join(folder, 'in/2001/01'), { recursive: true })
  await mkdir(join(folder, 'deeper'))
  await workshop.put('in/2001/01/a.csv', BODY)
  const file = join(folder, 'in/2001/01/a.csv')
  const cases: [glob: string, from: string, found: string][] = [
    ['in/**/*.csv', folder, 'in/2001/01/a.csv'],
    [`${folder}/in/2001/*/*.{csv,jsonl}`, folder, 'in/2001/01/a.csv'],
    ['in/2001/01/a.csv', folder, 'in/2001/01/a.csv'],
    ['../in/**/*.csv', join(folder, 'deeper'), file],
  ]
  for (const [glob, from, found] of cases) {
    const spec = flightsSpec({ source: { kind: 'files', glob } })
    const sources = await collectBatches(context, { spec, folder: from })
    assert.deepEqual(
      sources.map(({ path }) => path),
      [found],
      glob,
    )
  }
})
