import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { openLog } from '../../src/storage/log.js'
import { collect } from '../support/collect.js'
import { type Fate, flakyStorage } from '../support/flaky-storage.js'
import { rejection } from '../support/rejection.js'
import { freshStore, idsOf, open, wish } from './small-log.js'

test('a write whose answer was lost is settled by the id in the entry', async (t) => {
  for (const [fate, expected] of [
    ['lostAnswer', 'appended'],
    ['repeatedByClient', 'appended'],
  ] as const) {
    const storage = await freshStore(t)
    const isEntry = (key: string) => /\d{12}\.json$/.test(key)
    const log = open(flakyStorage(storage, { fate: (key) => (isEntry(key) ? fate : 'fine') }))
    assert.equal((await log.append({ ...wish('a'), expectedSeq: 0 })).kind, expected)
    assert.equal((await log.append({ ...wish('a'), expectedSeq: 0 })).kind, 'known')
    assert.equal((await log.append({ ...wish('b'), expectedSeq: 0 })).kind, 'stale')
    assert.deepEqual(idsOf(await collect(open(storage).entries())), ['a'])
  }
})

test('a write that cannot be settled rejects as unavailable, and may be repeated', async (t) => {
  const storage = await freshStore(t)
  let isDown = true
  const flaky = flakyStorage(storage, { fate: () => (isDown ? 'neverArrived' : 'fine') })
  const log = open(flaky)
  const error = await rejection(log.append(wish('a')), 'StoreUnavailable')
  assert.equal(error.permanent, false)
  isDown = false
  assert.equal((await log.append(wish('a'))).kind, 'appended')
})

test('a failing index does not undo an append', async (t) => {
  const storage = await freshStore(t)
  const log = open(flakyStorage(storage, { fate: (key) => (key.includes('/index/') ? 'neverArrived' : 'fine') }))
  for (let number = 1; number <= 120; number++) assert.equal((await log.append(wish(`e${number}`))).kind, 'appended')
  assert.equal((await open(storage).append(wish('e1'))).kind, 'known')
  assert.equal((await open(storage).append(wish('new'))).kind, 'appended')
})

test('under any faults, writers that repeat until they hear an answer leave each id once and no gap', async (t) => {
  const storage = await freshStore(t)
  let history = 0
  const fates = fc.array(fc.constantFrom<Fate>('fine', 'lostAnswer', 'neverArrived', 'repeatedByClient'), {
    minLength: 8,
    maxLength: 60,
  })
  const property = fc.asyncProperty(
    fates,
    fc.array(fc.boolean(), { minLength: 8, maxLength: 60 }),
    async (fates, reads) => {
      const prefix = `faults/${history++}`
      let [writes, looks] = [0, 0]
      // When the drawn faults are used up the store is fine, so that every run ends.
      const flaky = flakyStorage(storage, {
        fate: () => fates[writes++] ?? 'fine',
        failsToRead: () => reads[looks++] ?? false,
      })
      const writer = async (name: string) => {
        const log = openLog(flaky, prefix, z.number())
        for (let number = 0; number < 4; number++)
          await untilAnswered(() => log.append({ id: `${name}${number}`, actor: name, body: number }))
      }
      await Promise.all(['a', 'b', 'c'].map(writer))
      const ids = idsOf(await collect(openLog(storage, prefix, z.number()).entries()))
      assert.deepEqual(
        [...ids].sort(),
        ['a', 'b', 'c'].flatMap((name) => [0, 1, 2, 3].map((number) => `${name}${number}`)),
      )
      for (const name of ['a', 'b', 'c']) {
        assert.deepEqual(
          ids.filter((id) => id.startsWith(name)),
          [0, 1, 2, 3].map((number) => `${name}${number}`),
        )
      }
    },
  )
  await fc.assert(property, { numRuns: 25 })
})

async function untilAnswered(append: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const answered = await append().then(
      () => true,
      (thrown: unknown) => {
        if (thrown instanceof Error && /injected by the test/.test(thrown.message)) return false
        throw thrown
      },
    )
    if (answered) return
  }
}
