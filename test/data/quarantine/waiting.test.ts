/** What is counted as waiting is what `refit quarantine list` shows, whatever people did before. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import type { DataContext } from '../../../src/data/engine/context.js'
import { collectBatches } from '../../../src/data/ingestion/collect.js'
import { ingestBatch } from '../../../src/data/ingestion/ingest.js'
import { waitingBatches } from '../../../src/data/quarantine/quarantine.js'
import { takeRows } from '../../../src/data/quarantine/take-rows.js'
import { countQuarantine } from '../../../src/data/quarantine/waiting.js'
import { createFilesSource } from '../../../src/source/files.js'
import { createLocalStorage } from '../../../src/storage/local.js'
import { lateOrdersSpec } from '../../support/late-orders.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const spec = lateOrdersSpec((text) => text.replace('landing/*.csv', 'landing/*'))

async function counted(context: DataContext) {
  const { batches, rows, unreadable } = await countQuarantine(context, 'orders')
  const listed = waitingBatches((await openSnapshot(context, 'orders')).commits)
  assert.deepEqual(
    { batches, rows, unreadable },
    {
      batches: listed.length,
      rows: listed.reduce((sum, one) => sum + one.rows, 0),
      unreadable: listed.filter((one) => one.unreadable !== null).length,
    },
  )
  return [batches, rows, unreadable]
}

test('rows and bytes in quarantine are counted until a person has decided about them', async (t) => {
  const folder = await temporaryFolder(t)
  const context = { storage: await createLocalStorage(join(folder, 'store')), scratchFolder: join(folder, 'scratch') }
  const arrivals = join(folder, 'landing')
  const from = createFilesSource({ glob: 'landing/*', folder })
  assert.deepEqual(await counted(context), [0, 0, 0])

  const rows = ['2026-01-01,1,north,true', '2026-01-01,heavy,north,true', ',2,north,true']
  const sound = Array.from({ length: 97 }, (_, i) => `2026-01-02,${i % 40},south,false`)
  await writeFiles(arrivals, {
    'a.csv': ['ordered,mass,depot,late', ...rows, ...sound].join('\n'),
    'b.parquet': 'no Parquet',
  })
  const { batches } = await collectBatches(context, { dataset: 'orders', from, limit: 10 })
  for (const source of batches) await ingestBatch(context, { spec, specRevision: 1, from, source, actor: 'test' })
  assert.deepEqual(await counted(context), [2, 2, 1])

  const take = (of: number, rule?: string) =>
    takeRows(context, { spec, specRevision: 1, verb: 'drop', of, rule, why: 'test', actor: 'test' })
  await take(1, 'mass: type')
  assert.deepEqual(await counted(context), [2, 1, 1])
  await take(2)
  assert.deepEqual(await counted(context), [1, 1, 0])
  await take(1)
  assert.deepEqual(await counted(context), [0, 0, 0])
})

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}
