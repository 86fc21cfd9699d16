import assert from 'node:assert/strict'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { collectBatches } from '../../src/data/ingestion/collect.js'
import { ingestBatch } from '../../src/data/ingestion/ingest.js'
import { verifyAccounting } from '../../src/data/verify/verify.js'
import { inboxLog, storeAcknowledged, storePush } from '../../src/source/inbox.js'
import { createPushSource } from '../../src/source/push.js'
import type { FormatKind } from '../../src/source/source.js'
import { createLocalStorage } from '../../src/storage/local.js'
import type { Storage } from '../../src/storage/storage.js'
import { flightsSpec, openWorkshop } from '../data/workshop.js'
import { collect } from '../support/collect.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { sourceConformance } from './conformance.js'

const NOTHING_KNOWN = { has: () => false, cursor: () => '' }

/** Pushes rows to model `flights` of a store. */
async function pusher(t: TestContext, storage: Storage) {
  const folder = await temporaryFolder(t)
  return async (key: string, body: string | Uint8Array, format: FormatKind = 'json') => {
    const path = join(folder, 'body')
    await writeFile(path, body)
    return storePush(storage, 'flights', { key, format, path })
  }
}

sourceConformance('push', {
  async open(t) {
    const root = join(await temporaryFolder(t), 'store')
    const storage = await createLocalStorage(root)
    const push = await pusher(t, storage)
    return {
      // Pushes of the conformance suite are joined by two or so.
      source: createPushSource(storage, 'flights', { batchBytes: 60 }),
      arrive: async (numbers) =>
        void (await push(`from ${numbers[0]}`.replace(' ', '-'), numbers.map((n) => `{"n":${n}}`).join('\n'))),
      numbersIn: async (bytes) =>
        bytes
          .toString()
          .split('\n')
          .map((line): number => JSON.parse(line).n),
      async stopAnswering() {
        await rename(root, `${root}-away`)
        return () => rename(`${root}-away`, root)
      },
    }
  },
})

async function batchesOf(t: TestContext, storage: Storage, batchBytes?: number): Promise<string[]> {
  const source = createPushSource(storage, 'flights', batchBytes === undefined ? {} : { batchBytes })
  const folder = await temporaryFolder(t)
  const bodies: string[] = []
  for (let cursor = ''; ; ) {
    const [batch] = (await source.find({ ...NOTHING_KNOWN, cursor: () => cursor }, { limit: 10 })).batches
    if (batch === undefined) return bodies
    const to = join(folder, String(bodies.length))
    const fetched = await source.fetch(batch, to)
    if (fetched === undefined) assert.fail('a push is never nothing after all')
    cursor = fetched.batch.place?.upTo ?? ''
    bodies.push(`${fetched.batch.format} ${await readFile(to, 'utf8')}`)
  }
}

test('consecutive pushes of JSON lines are joined up to a size, CSV and Parquet never are', async (t) => {
  const storage = await createLocalStorage(await temporaryFolder(t))
  const push = await pusher(t, storage)
  for (const [key, body, format] of [
    ['a', '{"n":1}\n', 'json'],
    ['b', '{"n":2}', 'json'],
    ['c', '{"n":3}\r\n', 'json'],
    ['d', 'n\n4\n', 'csv'],
    ['e', 'n\n5\n', 'csv'],
    ['f', '', 'json'],
    ['g', '{"n":6}', 'json'],
  ] as const) {
    await push(key, body, format)
  }
  assert.deepEqual(await batchesOf(t, storage), [
    'json {"n":1}\n{"n":2}\n{"n":3}\r\n',
    'csv n\n4\n',
    'csv n\n5\n',
    'json {"n":6}',
  ])
  assert.deepEqual(await batchesOf(t, storage, 15), [
    'json {"n":1}\n{"n":2}',
    'json {"n":3}\r\n',
    'csv n\n4\n',
    'csv n\n5\n',
    'json {"n":6}',
  ])
})

test('a key is one push; other bytes that were acknowledged under it are kept as well', async (t) => {
  const storage = await createLocalStorage(await temporaryFolder(t))
  const push = await pusher(t, storage)
  assert.deepEqual([(await push('a', '1')).isNew, (await push('a', '1')).isNew], [true, false])
  const other = await push('a', '2')
  assert.deepEqual([other.isNew, other.entry.seq, other.sha256 === other.entry.body.object.sha256], [false, 1, false])
  const path = join(await temporaryFolder(t), 'body')
  await writeFile(path, '2')
  for (const isNew of [true, false]) {
    const kept = await storeAcknowledged(storage, 'flights', { key: 'a', format: 'json', path })
    assert.deepEqual([kept.isNew, kept.entry.seq, kept.entry.body.conflictsWith], [isNew, 2, 1])
  }
  assert.equal((await collect(inboxLog(storage, 'flights').entries())).length, 2)
})

test('what was pushed is ingested, row by row, and broken lines of one push harm no other', async (t) => {
  const { context } = await openWorkshop(t)
  const push = await pusher(t, context.storage)
  const row = '{"date":"2001-01-01T10:00:00","delay":1,"distance":700,"origin":"SEA","destination":"ORD"}'
  await push('a', `${row}\n{"date":`)
  await push('b', `${row}\n${row}`)
  await push('c', 'date,delay,distance,origin,destination\n2001-01-02,1,1,SEA,ORD', 'csv')
  await push('d', 'this is no Parquet', 'parquet')
  await push('e', row)
  const spec = flightsSpec({ source: { kind: 'push' }, maxQuarantineShare: 0.5 })
  const from = createPushSource(context.storage, 'flights')
  for (;;) {
    const { batches } = await collectBatches(context, { dataset: 'flights', from, limit: 10 })
    const [source] = batches
    if (source === undefined) break
    await ingestBatch(context, { spec, specRevision: 1, from, source, actor: 'test' })
  }
  const { differences, batches, unreadable, kept, quarantined, duplicates } = await verifyAccounting(context, 'flights')
  assert.deepEqual([differences, batches, unreadable, kept, quarantined, duplicates], [[], 4, 1, 5, 1, 0])
})
