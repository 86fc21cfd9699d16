import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { RefitError } from '../../src/errors.js'
import type { BatchSource } from '../../src/source/source.js'
import { seededFaults, startFaultProxy } from '../support/fault-proxy.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { until } from '../support/until.js'
import { check, keysOf, knowing, MEBIBYTE, NOTHING, only, read } from './s3-bucket.js'

check('100 MB pass in flat memory', async (t, bucket) => {
  const folder = await temporaryFolder(t)
  const sha256 = await bucket.putParts('large.csv', 20)
  const source = bucket.source()
  const batch = await only(source)
  assert.match(batch.version ?? '', /-20"$/)
  const before = process.memoryUsage().rss
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss)
  }, 5)
  const fetched = await source.fetch(batch, join(folder, 'copy'))
  clearInterval(timer)
  assert.deepEqual([fetched?.sha256, fetched?.batch.bytes], [sha256, 100 * MEBIBYTE])
  const growth = (most - before) / MEBIBYTE
  t.diagnostic(`rss grew by ${growth.toFixed(1)} MiB`)
  assert.ok(growth < 70, `rss grew by ${growth.toFixed(1)} MiB`)
})

check('a connection that is cut in mid-object is taken up where it broke', async (t, bucket) => {
  const body = randomBytes(3 * MEBIBYTE)
  await bucket.put('a.csv', body)
  const batch = await only(bucket.source())
  let cuts = 0
  bucket.proxy.fault = () => (cuts++ < 3 ? { cutAfter: 700_000 } : 'none')
  assert.deepEqual(await read(t, bucket.source(), batch), body)
  assert.equal(cuts, 4)
})

check('a connection that breaks again and again is given up', async (t, bucket) => {
  await bucket.put('a.csv', randomBytes(MEBIBYTE))
  const batch = await only(bucket.source())
  bucket.proxy.fault = () => ({ cutAfter: 50_000 })
  const source = bucket.source()
  const broken = await rejection(source.fetch(batch, join(await temporaryFolder(t), 'a')), 'SourceUnavailable')
  assert.equal(broken.permanent, false)
  assert.match(broken.message, /: the connection broke after \d+ of 1048576 bytes \(.+\)\. Check the network/)
})

check('a connection that falls silent is broken', async (t, bucket) => {
  const body = randomBytes(MEBIBYTE)
  await bucket.put('a.csv', body)
  const batch = await only(bucket.source())
  let silences = 0
  bucket.proxy.fault = () => (silences++ < 1 ? { silentAfter: 300_000 } : 'none')
  assert.deepEqual(await read(t, bucket.source(), batch), body)
  assert.ok(silences >= 2)
})

check('an object that is replaced while it is read is never a mixture', async (t, bucket) => {
  await bucket.put('a.csv', Buffer.alloc(MEBIBYTE, 'a'))
  const batch = await only(bucket.source())
  bucket.proxy.fault = () => {
    bucket.proxy.fault = () => 'none'
    return { cutAfter: 300_000 }
  }
  const source = bucket.source()
  const to = join(await temporaryFolder(t), 'a')
  const fetching = rejection(source.fetch(batch, to), 'UnreadableSource')
  await untilSize(to, 100_000)
  await bucket.put('a.csv', Buffer.alloc(MEBIBYTE, 'b'))
  assert.match((await fetching).message, /overwritten/)
})

check('a fetch that is stopped while nothing comes ends at once', async (t, bucket) => {
  await bucket.put('a.csv', randomBytes(MEBIBYTE))
  const batch = await only(bucket.source())
  bucket.proxy.fault = () => ({ silentAfter: 300_000 })
  const source = bucket.source()
  const to = join(await temporaryFolder(t), 'a')
  const stop = new AbortController()
  const fetching = rejection(source.fetch(batch, to, { signal: stop.signal }), 'Cancelled')
  await untilSize(to, 100_000)
  const asked = Date.now()
  stop.abort()
  await fetching
  assert.ok(Date.now() - asked < 500, `it took ${Date.now() - asked} ms`)
})

check('a find that is stopped is Cancelled', async (_, bucket) => {
  await rejection(bucket.source().find(NOTHING, { limit: 1, signal: AbortSignal.abort() }), 'Cancelled')
})

check('whatever a network does, each object comes once and whole', async (t, bucket) => {
  const bodies = new Map(Array.from({ length: 12 }, (_, index) => [`in/${index}.csv`, randomBytes(20_000)]))
  for (const [key, body] of bodies) await bucket.put(key, body)
  const kinds = ['error500', 'slowDown', 'resetBefore', 'resetAfter', 'cutAnswer'] as const
  const fired = new Set<string>()
  for (const seed of [1, 2, 3]) {
    const proxy = await startFaultProxy({ target: bucket.server })
    proxy.use(seededFaults({ seed, share: 0.5, kinds }))
    const source = bucket.source({ endpoint: proxy.endpoint })
    const came: BatchSource[] = []
    for (let isLast = false; !isLast; ) {
      const found = await insist(() => source.find(knowing(...came), { limit: 5 }))
      for (const batch of found.batches) {
        const [key = ''] = keysOf([batch], bucket)
        assert.deepEqual(await insist(() => read(t, source, batch)), bodies.get(key), `seed ${seed}: ${key}`)
        came.push(batch)
      }
      isLast = found.isLast
    }
    await proxy.stop()
    assert.deepEqual(keysOf(came, bucket), [...bodies.keys()].toSorted(), `seed ${seed}`)
    for (const kind of kinds) if (proxy.fired[kind] > 0) fired.add(kind)
  }
  assert.deepEqual([...fired].toSorted(), kinds.toSorted())
})

/** Asks again as an activity does, as long as the error says that it may help. */
async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask()
    } catch (thrown) {
      assert.ok(thrown instanceof RefitError && !thrown.permanent && attempt < 20, String(thrown))
    }
  }
}

async function untilSize(path: string, bytes: number): Promise<void> {
  await until(`${bytes} bytes of ${path}`, async () => (await stat(path)).size >= bytes)
}
