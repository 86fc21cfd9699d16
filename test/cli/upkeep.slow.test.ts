/** What is done to a dataset later, as a person does it. Needs no Temporal server. */
import assert from 'node:assert/strict'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { readConfig } from '../../src/config.js'
import { datasetFolder } from '../../src/data/dataset/dataset-log.js'
import type { DataContext } from '../../src/data/engine/context.js'
import { collectBatches } from '../../src/data/ingestion/collect.js'
import { ingestBatch } from '../../src/data/ingestion/ingest.js'
import { verifyAccounting } from '../../src/data/verify/verify.js'
import { apply } from '../../src/stages/apply.js'
import { putBytes } from '../../src/storage/objects.js'
import { openPorts } from '../../src/wiring.js'
import { lateOrdersSpec } from '../support/late-orders.js'
import { ownStore, refit, refitJson, type Surroundings } from '../support/refit.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const HEAD = 'ordered,mass,depot,late'

/** A store with two batches, and a version that was trained on both. */
async function twoBatches(
  t: TestContext,
): Promise<Surroundings & { readonly orphan: string; readonly data: DataContext }> {
  const folder = await temporaryFolder(t)
  const { env } = ownStore(folder)
  await mkdir(join(folder, 'landing'))
  const rows = ['2026-01-01 10:00:00,1,north,true', '2026-01-01 11:00:00,2,ann,true']
  await writeFile(join(folder, 'landing', 'a.csv'), [HEAD, ...rows].join('\n'))
  await writeFile(join(folder, 'landing', 'b.csv'), [HEAD, '2026-03-01 10:00:00,3,west,false'].join('\n'))
  const ports = await openPorts(readConfig(env))
  const spec = lateOrdersSpec((text) => text.replace('clock: lastEvent', 'clock: lastEvent\n  retentionDays: 30'))
  await apply(ports, { spec, folder }, { id: 'first', actor: 'test' })
  const pack = (await ports.registry.version('orders', 0)).package
  const record = { package: pack, specRevision: 1, snapshot: 2, trainingRows: 3, metrics: {} }
  await ports.registry.register('orders', record, { id: 'second', actor: 'test' })
  // What an attempt that died long ago left behind.
  const object = await putBytes(ports.storage, datasetFolder('orders', 'partitions'), Buffer.from('x'), {
    extension: '.parquet',
  })
  const path = await ports.storage.toLocalFile(object.uri)
  await utimes(path, new Date(0), new Date(0))
  const from = ports.openSource({ spec, folder })
  const { batches } = await collectBatches(ports.data, { dataset: 'orders', from, limit: 9 })
  for (const source of batches) {
    await ingestBatch(ports.data, { spec, specRevision: 1, from, source, actor: 'test' })
  }
  return { folder, env, data: ports.data, orphan: object.uri }
}

const Shown = z.object({ position: z.number(), rows: z.number(), partitions: z.array(z.unknown()), gone: z.unknown() })

test('a dataset is compacted, shown, freed of a person, of old rows and of what nobody needs', {
  timeout: 300_000,
}, async (t) => {
  const here = await twoBatches(t)
  const compacted = await refit(['compact', '--target-mb', '1'], here)
  assert.match(compacted.stdout, /^Nothing to merge\.$/m, 'rows of three months are not merged when a month is kept')

  const why = ['--why', 'request 17']
  const erased = await refit(['erase', '--key', 'depot=ann', ...why, '--yes'], here)
  assert.match(erased.stdout, /^"orders": erased: 1 row, and 0 in quarantine; removed: 2 objects of .* versions 1\.$/ms)
  const listed = await refit(['registry'], here)
  assert.match(
    listed.stdout,
    /^version 1 learned from rows that were erased since: 1 row of 1 commit of "orders", by entries 3, 4\./m,
  )

  const then = await refitJson(['dataset', 'show', '--at', '2'], here, Shown)
  assert.deepEqual([then.position, then.rows, then.gone], [2, 2, { erased: 1, dropped: 0 }])
  const retired = await refit(['retire', '--yes'], here)
  assert.match(retired.stdout, /^"orders": dropped by entry 5: 1 row in 1 partition, 2026-01-01 10:00:00 UTC to /)

  const Collected = z.object({ objects: z.array(z.object({ key: z.string() })) })
  const { objects } = await refitJson(['gc', '--yes'], here, Collected)
  assert.deepEqual(
    objects.map(({ key }) => key),
    [here.orphan],
    'version 1 needs the rest',
  )
  const { holds, kept, dropped, erased: forgotten } = await verifyAccounting(here.data, 'orders')
  assert.deepEqual([holds, kept, dropped, forgotten], [true, 1, 1, 1])
})
