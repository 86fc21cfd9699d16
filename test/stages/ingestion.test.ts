import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { RefitError } from '../../src/errors.js'
import type { BatchSource, Source } from '../../src/source/source.js'
import { bringIn, collect, PAGE, sumUpIngest } from '../../src/stages/ingestion.js'
import type { Life, Ports } from '../../src/stages/ports.js'
import { planRun } from '../../src/stages/run-plan.js'
import { createLocalStorage } from '../../src/storage/local.js'
import { RetrainInput } from '../../src/workflows/messages.js'
import { rejection } from '../support/rejection.js'
import { applySmallModel } from '../support/small-model.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const AT = { model: 'small', run: 1 }
const life = (attempt = 1): Life => ({ signal: new AbortController().signal, attempt, show: () => {} })
const batch = (path: string): BatchSource => ({ path, bytes: 10, modifiedAt: '2026-01-01T00:00:00.000Z' })

/** A planned run whose source does what is given; by itself it finds nothing. */
async function plannedRun(t: TestContext, source: Partial<Source>) {
  const folder = await temporaryFolder(t)
  const storage = await createLocalStorage(join(folder, 'store'))
  await applySmallModel(storage, AT.model)
  const request = RetrainInput.parse({ model: AT.model })
  await planRun({ storage, now: () => new Date() }, { ...AT, request, workflowId: 'refit/small/run/1' })
  const nothing: Source = { find: async () => ({ batches: [], isLast: true }), fetch: async () => undefined }
  const ports: Pick<Ports, 'storage' | 'data' | 'openSource' | 'drainSpool'> = {
    storage,
    data: { storage, scratchFolder: join(folder, 'scratch') },
    openSource: () => ({ ...nothing, ...source }),
    drainSpool: async () => ({ pushes: 0 }),
  }
  return ports
}

test('a page names no more batches than fit into a payload, however long their paths are', async (t) => {
  const found = Array.from({ length: PAGE }, (_, i) => batch(`s3://bucket/${'long/'.repeat(200)}${i}.csv`))
  const ports = await plannedRun(t, { find: async () => ({ batches: found, isLast: true }) })
  const page = await collect(ports, { ...AT, failed: [] }, life())
  assert.ok(page.batches.length > 10 && page.batches.length < PAGE, `${page.batches.length} batches`)
  assert.equal(page.isLast, false)
  assert.ok(JSON.stringify(page).length < 64_000)
  assert.deepEqual(page.batches, found.slice(0, page.batches.length))

  const huge = { ...batch('x'.repeat(100_000)), path: `${'x'.repeat(100_000)}.csv` }
  const one = await plannedRun(t, { find: async () => ({ batches: [huge, batch('b.csv')], isLast: true }) })
  assert.deepEqual(await collect(one, { ...AT, failed: [] }, life()), { batches: [huge], isLast: false })
})

test('an arrival that is gone is tried some times, then left for the next run; a store that is away is waited for', async (t) => {
  const failing = (code: 'UnreadableSource' | 'StoreUnavailable') => ({
    fetch: () => Promise.reject(new RefitError(code, 'Cannot read batch "a.csv".', { permanent: false })),
  })
  const isPermanent = async (code: 'UnreadableSource' | 'StoreUnavailable', attempt: number) => {
    const ports = await plannedRun(t, failing(code))
    return (await rejection(bringIn(ports, { ...AT, source: batch('a.csv') }, life(attempt)), code)).permanent
  }
  assert.equal(await isPermanent('UnreadableSource', 1), false)
  assert.equal(await isPermanent('UnreadableSource', 4), false)
  assert.equal(await isPermanent('UnreadableSource', 5), true)
  assert.equal(await isPermanent('StoreUnavailable', 500), false)
})

test('what is left for the next run is named, the first few of it', async (t) => {
  const left = Array.from({ length: 7 }, (_, i) => `${i}.csv`)
  const { text } = await sumUpIngest(await plannedRun(t, {}), { ...AT, left })
  assert.equal(text, '7 batches left for the next run: 0.csv, 1.csv, 2.csv, 3.csv, 4.csv and 2 more')
  assert.equal((await sumUpIngest(await plannedRun(t, {}), AT)).text, 'nothing new arrived')
})
