import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Log, sharedLog } from '../../src/storage/log.js'
import { findHead } from '../../src/storage/log-head.js'
import type { Storage } from '../../src/storage/storage.js'
import { collect } from '../support/collect.js'
import { flakyStorage } from '../support/flaky-storage.js'
import { rejection } from '../support/rejection.js'
import { Body, fill, freshStore, open, PREFIX, wish } from './small-log.js'

test('the head is found from any hint, and in few reads', async () => {
  const property = fc.asyncProperty(fc.nat(3_000), fc.nat(3_000), async (one, other) => {
    const [hint, head] = [Math.min(one, other), Math.max(one, other)]
    let reads = 0
    const read = async (seq: number) => {
      reads++
      return seq <= head ? { seq, id: 'x', at: '', actor: '', body: 0 } : undefined
    }
    assert.equal(await findHead({ read }, hint), head)
    assert.ok(reads <= 2 * Math.log2(head - hint + 1) + 2, `${reads} reads for a distance of ${head - hint}`)
  })
  await fc.assert(property)
})

test('hints and indexes that are lost, damaged or ahead change nothing but the reading', async (t) => {
  const storage = await freshStore(t)
  await fill(open(storage), 230)
  const sum = (log: Log<Body>) => log.fold('sum', 0, (state, { body }) => state + body.value)
  await sum(open(storage))
  const derived = await collect(storage.list(`${PREFIX}/index/`))
  for (const damage of [
    (key: string) => storage.replace(key, Buffer.from('')),
    (key: string) => storage.replace(key, Buffer.from('{"seq":100000}')),
    (key: string) => storage.remove(key),
  ]) {
    for (const key of derived.filter((key) => !key.endsWith('indexed.json'))) await damage(key)
    assert.equal((await open(storage).head())?.seq, 230)
    assert.deepEqual(await sum(open(storage)), { state: (230 * 231) / 2, seq: 230 })
  }
  // With the ids gone, their number must go, too: it promises them.
  await storage.remove(`${PREFIX}/index/indexed.json`)
  assert.equal((await open(storage).append(wish('e3'))).kind, 'known')
})

test('an id far back is found, and a state folded, without reading the years', async (t) => {
  const storage = await freshStore(t)
  await fill(open(storage), 450)
  await open(storage).fold('count', { entries: 0 }, counted)
  await fill(open(storage), 10)
  for (let number = 451; number <= 460; number++) await open(storage).append(wish(`e${number}`, number))

  const counting = countingReads(storage)
  for (const [id, seq] of [
    ['e1', 1],
    ['e3', 3],
    ['e399', 399],
    ['e455', 455],
  ] as const) {
    counting.reads = 0
    const outcome = await open(counting.storage).append(wish(id))
    assert.deepEqual(outcome.kind === 'known' && outcome.entry.seq, seq)
    assert.ok(counting.reads < 120, `${counting.reads} reads for ${id}`)
  }
  counting.reads = 0
  assert.deepEqual(await open(counting.storage).fold('count', { entries: 0 }, counted), {
    state: { entries: 460 },
    seq: 460,
  })
  assert.ok(counting.reads < 30, `${counting.reads} reads for the fold`)
  counting.reads = 0
  await open(counting.storage).head()
  assert.ok(counting.reads <= 4, `${counting.reads} reads for the head`)
})

/** The store, and how often it was asked for an object. */
function countingReads(storage: Storage): { reads: number; readonly storage: Storage } {
  const counting = {
    reads: 0,
    storage: flakyStorage(storage, {
      fate: () => 'fine',
      failsToRead: () => {
        counting.reads++
        return false
      },
    }),
  }
  return counting
}

function counted(state: { entries: number }): { entries: number } {
  state.entries++
  return state
}

test('a fold may change its state in place, and keeps no state that JSON would change', async (t) => {
  const log = open(await freshStore(t))
  await fill(log, 2)
  const initial: { values: number[] } = { values: [] }
  const collectValues = () =>
    log.fold('values', initial, (state, { body }) => {
      state.values.push(body.value)
      return state
    })
  assert.deepEqual((await collectValues()).state.values, [1, 2])
  assert.deepEqual((await collectValues()).state.values, [1, 2])
  const error = await rejection(
    log.fold('set', new Set<number>(), (state) => state),
    'InvalidInput',
  )
  assert.match(error.message, /^Cannot keep the state of fold "set": JSON changes it\./)
  await rejection(
    log.fold('no/name', 0, (state) => state),
    'InvalidInput',
  )
})

test('a log that stays open reads only what came since, and begins anew when the store was restored under it', async (t) => {
  const storage = await freshStore(t)
  const counting = countingReads(storage)
  const shared = () => sharedLog(counting.storage, PREFIX, Body)
  await fill(open(storage), 60)
  await shared().append(wish('first'))
  counting.reads = 0
  assert.equal((await shared().append(wish('second'))).kind, 'appended')
  assert.ok(counting.reads <= 4, `${counting.reads} reads for the second append`)
  assert.equal((await open(storage).append(wish('of another process'))).kind, 'appended')
  assert.equal((await shared().append(wish('of another process'))).kind, 'known')

  // A backup of sixty entries is put back while the process runs.
  for (const seq of [61, 62, 63]) await storage.remove(`${PREFIX}/${String(seq).padStart(12, '0')}.json`)
  const outcome = await shared().append(wish('second'))
  assert.deepEqual(outcome.kind === 'appended' && outcome.entry.seq, 61)
})
