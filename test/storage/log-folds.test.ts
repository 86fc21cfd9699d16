/** A process that folds a log again reads only what came since, and what it remembers is never wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Log } from '../../src/storage/log.js'
import type { Storage } from '../../src/storage/storage.js'
import { flakyStorage } from '../support/flaky-storage.js'
import { rejection } from '../support/rejection.js'
import { type Body, fill, freshStore, open, PREFIX, wish } from './small-log.js'

/** Values in order, in a state that is changed in place. */
function values(log: Log<Body>) {
  const initial: { values: number[] } = { values: [] }
  return log.fold('values', initial, (state, { body }) => {
    state.values.push(body.value)
    return state
  })
}

function countingReads(storage: Storage, failsAfter = Number.POSITIVE_INFINITY) {
  const counting = { reads: 0, failsAfter }
  const failsToRead = () => ++counting.reads > counting.failsAfter
  return Object.assign(counting, { storage: flakyStorage(storage, { fate: () => 'fine', failsToRead }) })
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

test('a fold that is repeated reads what came since, whoever wrote it', async (t) => {
  const storage = await freshStore(t)
  await fill(open(storage), 120)
  const counting = countingReads(storage)
  const log = open(counting.storage)
  assert.deepEqual(await values(log), { state: { values: upTo(120) }, seq: 120 })
  counting.reads = 0
  assert.deepEqual(await values(log), { state: { values: upTo(120) }, seq: 120 })
  assert.ok(counting.reads <= 2, `${counting.reads} reads though nothing came`)
  await open(storage).append(wish('of another process', 121))
  counting.reads = 0
  assert.deepEqual(await values(log), { state: { values: upTo(121) }, seq: 121 })
  assert.ok(counting.reads <= 5, `${counting.reads} reads for one entry`)
})

test('folds at the same time take each entry once', async (t) => {
  const log = open(await freshStore(t))
  await fill(log, 5)
  const [one, other] = await Promise.all([values(log), values(log), fill(log, 8)])
  assert.equal(one.seq <= other.seq, true)
  assert.deepEqual(await values(log), { state: { values: upTo(8) }, seq: 8 })
})

test('a fold that fails half way is begun anew', async (t) => {
  const storage = await freshStore(t)
  await fill(open(storage), 3)
  const counting = countingReads(storage)
  const log = open(counting.storage)
  await values(log)
  for (let value = 4; value <= 40; value++) await open(storage).append(wish(`e${value}`, value))
  // The head is found and the first entries are taken, then nothing can be read any more.
  counting.failsAfter = counting.reads + 32
  await rejection(values(log), 'StoreUnavailable')
  counting.failsAfter = Number.POSITIVE_INFINITY
  assert.deepEqual(await values(log), { state: { values: upTo(40) }, seq: 40 })
})

test('a store that was restored under the process is read anew', async (t) => {
  const storage = await freshStore(t)
  const log = open(storage)
  await fill(log, 4)
  await values(log)
  for (const seq of [3, 4]) await storage.remove(`${PREFIX}/${String(seq).padStart(12, '0')}.json`)
  assert.deepEqual(await values(log), { state: { values: [1, 2] }, seq: 2 })
})

test('of many logs the states used last are remembered, the others are read again', async (t) => {
  const storage = await freshStore(t)
  await fill(open(storage), 2)
  const counting = countingReads(storage)
  const logs = upTo(40).map(() => open(counting.storage))
  for (const log of logs) await values(log)
  const readsFor = async (log: Log<Body> | undefined) => {
    counting.reads = 0
    if (log !== undefined) assert.deepEqual((await values(log)).state.values, [1, 2])
    return counting.reads
  }
  assert.ok((await readsFor(logs.at(-1))) <= 2)
  assert.ok((await readsFor(logs[0])) > 2)
})
