import assert from 'node:assert/strict'
import { join } from 'node:path'
import { collectBatches } from '../../src/data/ingestion/collect.js'
import { ingestBatch } from '../../src/data/ingestion/ingest.js'
import type { BatchSource } from '../../src/source/source.js'
import { flightsSpec, openWorkshop } from '../data/workshop.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { sourceConformance } from './conformance.js'
import { check, freshBucket, keysOf, knowing, NOTHING, only, read, skip } from './s3-bucket.js'

if (skip === false) {
  sourceConformance('S3 (MiniStack)', {
    async open(t) {
      const bucket = await freshBucket(t)
      return {
        source: bucket.source({ prefix: 'in/' }),
        arrive: (numbers) => bucket.put(`in/${String(numbers[0]).padStart(6, '0')}.txt`, numbers.join('\n')),
        numbersIn: async (bytes) => bytes.toString().split('\n').map(Number),
        async stopAnswering() {
          bucket.proxy.fault = () => 'refuse'
          return async () => {
            bucket.proxy.fault = () => 'none'
          }
        },
      }
    },
  })
}

check('more keys than S3 lists at once are found in order, page after page', async (t, bucket) => {
  const keys = Array.from({ length: 2_010 }, (_, index) => `in/${String(index).padStart(5, '0')}.csv`)
  for (let from = 0; from < keys.length; from += 30) {
    await Promise.all(keys.slice(from, from + 30).map((key) => bucket.put(key, key)))
  }
  await bucket.put('other/0.csv', 'x')
  const source = bucket.source({ prefix: 'in/' })
  const found: BatchSource[] = []
  for (;;) {
    const { batches, isLast } = await source.find(knowing(...found), { limit: 670 })
    found.push(...batches)
    if (isLast) break
  }
  assert.deepEqual(keysOf(found, bucket), keys)
  const [last] = found.slice(-1)
  assert.equal((await read(t, source, last ?? assert.fail())).toString(), 'in/02009.csv')
  const all = await source.find(NOTHING, { limit: 2_010 })
  assert.deepEqual([all.batches.length, all.isLast], [2_010, true])
})

check('a late key is found where it sorts, markers and hidden names are not', async (_, bucket) => {
  const source = bucket.source({ prefix: 'in/', glob: '**/*.csv' })
  await bucket.put('in/2024-02.csv', 'a')
  await bucket.put('in/', '')
  await bucket.put('in/.partial.csv', 'a')
  await bucket.put('in/.staging/a.csv', 'a')
  await bucket.put('in/a.txt', 'a')
  await bucket.put('elsewhere/a.csv', 'a')
  const first = await only(source)
  await bucket.put('in/2024-01.csv', 'a')
  const { batches } = await source.find(knowing(first), { limit: 9 })
  assert.deepEqual(keysOf(batches, bucket), ['in/2024-01.csv'])
})

check('keys may have any letters', async (t, bucket) => {
  const keys = ['in/a b+c&d.csv', 'in/día=1/ü.csv', 'in/100%25.csv', 'in/<x>"y".csv', 'in//double.csv', 'in/🚀.csv']
  for (const key of keys) await bucket.put(key, key)
  const source = bucket.source({ prefix: 'in/' })
  const { batches } = await source.find(NOTHING, { limit: 9 })
  assert.deepEqual(keysOf(batches, bucket).toSorted(), keys.toSorted())
  for (const batch of batches) {
    assert.deepEqual([(await read(t, source, batch)).toString()], keysOf([batch], bucket))
  }
})

check('an overwritten key is another arrival, the same bytes again are not', async (t, bucket) => {
  const source = bucket.source()
  await bucket.put('a.csv', 'one')
  const first = await only(source)
  await bucket.put('a.csv', 'one')
  assert.deepEqual((await source.find(knowing(first), { limit: 1 })).batches, [])
  await bucket.put('a.csv', 'two')
  const second = await only(source, knowing(first))
  assert.equal((await read(t, source, second)).toString(), 'two')
})

check('an object that is replaced or deleted after it was found is refused for now', async (t, bucket) => {
  const source = bucket.source()
  const to = join(await temporaryFolder(t), 'batch')
  await bucket.put('a.csv', 'one')
  const batch = await only(source)
  const where = `Cannot read batch "s3://${bucket.name}/a.csv"`
  await bucket.put('a.csv', 'two')
  const replaced = await rejection(source.fetch(batch, to), 'UnreadableSource')
  assert.equal(replaced.permanent, false)
  assert.match(replaced.message, new RegExp(`^${where}: it was overwritten after it was found\\.`))
  await bucket.remove('a.csv')
  const deleted = await rejection(source.fetch(batch, to), 'UnreadableSource')
  assert.equal(deleted.permanent, false)
  assert.match(deleted.message, new RegExp(`^${where}: it was deleted after it was found\\.`))
})

check('an empty object is a batch of no bytes', async (t, bucket) => {
  const source = bucket.source()
  await bucket.put('empty.csv', '')
  assert.equal((await read(t, source, await only(source))).length, 0)
})

check('a bucket that is not there is NotFound, and may come', async (t, bucket) => {
  const source = bucket.source({ bucket: 'no-such-bucket', prefix: 'in/' })
  const missing = await rejection(source.find(NOTHING, { limit: 1 }), 'NotFound')
  assert.equal(missing.permanent, false)
  assert.equal(
    missing.message,
    'Cannot look for batches in "s3://no-such-bucket/in/": there is no such bucket. Create it, or correct data.source.bucket of the spec.',
  )
  const batch = { path: 's3://no-such-bucket/in/a.csv', bytes: 1, modifiedAt: '', version: '"x"' }
  const gone = await rejection(source.fetch(batch, join(await temporaryFolder(t), 'a')), 'NotFound')
  assert.equal(gone.permanent, false)
})

check('rows come from a bucket into the dataset, once', async (t, bucket) => {
  const { context } = await openWorkshop(t)
  const rows = (day: string) => `date,delay,distance,origin,destination\n2001-01-${day},1,100,SEA,ORD\n`
  await bucket.put('in/a.csv', rows('01'))
  await bucket.put('in/b.csv', rows('02'))
  const from = bucket.source({ prefix: 'in/' })
  const spec = flightsSpec({ source: { kind: 's3', bucket: bucket.name, prefix: 'in/' } })
  const look = () => collectBatches(context, { dataset: spec.model, from, limit: 10 })
  for (const source of (await look()).batches) {
    const ingested = await ingestBatch(context, { spec, specRevision: 1, from, source, actor: 'test' })
    assert.deepEqual([ingested?.commit.receipt.kept, ingested?.alreadyCommitted], [1, false])
  }
  assert.deepEqual(await look(), { batches: [], isLast: true })
  await bucket.put('in/a.csv', rows('03'))
  assert.deepEqual(keysOf((await look()).batches, bucket), ['in/a.csv'])
})
