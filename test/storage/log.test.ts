import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { openLog } from '../../src/storage/log.js'
import { collect } from '../support/collect.js'
import { rejection } from '../support/rejection.js'
import { fill, freshStore, idsOf, open, PREFIX, wish } from './small-log.js'

test('an entry has number, id, time, actor and body, and is one object', async (t) => {
  const storage = await freshStore(t)
  const log = open(storage, { now: () => new Date('2026-01-02T03:04:05Z') })
  assert.equal(await log.head(), undefined)
  const entry = { seq: 1, id: 'a', at: '2026-01-02T03:04:05.000Z', actor: 'test', body: { value: 7 } }
  assert.deepEqual(await log.append(wish('a', 7)), { kind: 'appended', entry })
  const stored = await storage.read('datasets/d/log/000000000001.json')
  const { attempt, ...rest } = JSON.parse(Buffer.from(stored ?? []).toString())
  assert.deepEqual(rest, entry)
  assert.equal(typeof attempt, 'string')
  assert.deepEqual(await log.head(), entry)
  assert.deepEqual(await log.at(1), entry)
  assert.equal(await log.at(2), undefined)
  assert.equal(await log.at(-1), undefined)
})

test('a known id gives the entry that it has, whatever is expected or asked now', async (t) => {
  const log = open(await freshStore(t))
  await fill(log, 3)
  const again = await log.append({ ...wish('e2', 99), expectedSeq: 1 })
  assert.equal(again.kind, 'known')
  assert.deepEqual(again.kind === 'known' && [again.entry.seq, again.entry.body.value], [2, 2])
  assert.equal((await log.head())?.seq, 3)
})

test('an expectation that does not hold is stale and tells the head', async (t) => {
  for (const firstSeq of [0, 1]) {
    const log = open(await freshStore(t), { firstSeq })
    assert.deepEqual(await log.append({ ...wish('x'), expectedSeq: 5 }), { kind: 'stale', head: undefined })
    assert.equal((await log.append({ ...wish('a'), expectedSeq: firstSeq - 1 })).kind, 'appended')
    assert.equal((await log.append({ ...wish('b'), expectedSeq: firstSeq })).kind, 'appended')
    const stale = await log.append({ ...wish('c'), expectedSeq: firstSeq })
    assert.equal(stale.kind === 'stale' && stale.head?.id, 'b')
    assert.deepEqual(idsOf(await collect(log.entries())), ['a', 'b'])
  }
})

test('ranges of entries are read in order', async (t) => {
  const log = open(await freshStore(t))
  await fill(log, 40)
  for (const [range, first, last] of [
    [{}, 1, 40],
    [{ from: 5 }, 5, 40],
    [{ to: 17 }, 1, 17],
    [{ from: 20, to: 38 }, 20, 38],
    [{ from: -3, to: 400 }, 1, 40],
    [{ from: 41 }, 41, 40],
  ] as const) {
    const expected = Array.from({ length: last - first + 1 }, (_, index) => first + index)
    assert.deepEqual(
      (await collect(log.entries(range))).map(({ seq }) => seq),
      expected,
    )
  }
})

test('what could not be read again is refused before it is written', async (t) => {
  const storage = await freshStore(t)
  const log = openLog(storage, PREFIX, z.strictObject({ value: z.number().max(5) }))
  for (const request of [
    { id: 'a', actor: 'test', body: { value: 6 } },
    { id: 'a', actor: 'test', body: { value: Number.NaN } },
    { id: '', actor: 'test', body: { value: 1 } },
  ]) {
    const error = await rejection(log.append(request), 'InvalidInput')
    assert.match(error.message, /^Cannot append to log "datasets\/d\/log": /)
  }
  assert.deepEqual(await collect(storage.list('')), [])
})

test('a damaged, missing or misplaced entry is StoreCorrupt, by name', async (t) => {
  const storage = await freshStore(t)
  const log = open(storage)
  await fill(log, 3)
  const key = `${PREFIX}/000000000002.json`
  const right = (await storage.read(key)) ?? new Uint8Array()
  await storage.replace(key, Buffer.from('{"seq":'))
  assert.match(
    (await rejection(log.at(2), 'StoreCorrupt')).message,
    /Cannot read entry "datasets\/d\/log\/000000000002/,
  )
  await storage.replace(key, Buffer.from(Buffer.from(right).toString().replace('"seq":2', '"seq":7')))
  assert.match((await rejection(log.at(2), 'StoreCorrupt')).message, /it says that its number is 7/)
  await storage.remove(key)
  assert.match((await rejection(collect(open(storage).entries()), 'StoreCorrupt')).message, /it is gone/)
})

test('histories agree with a model, through several openers and reopened at any time', async (t) => {
  const storage = await freshStore(t)
  let history = 0
  const act = fc.record({
    opener: fc.nat(2),
    id: fc.integer({ min: 0, max: 12 }).map(String),
    expects: fc.constantFrom('nothing' as const, 'head' as const, 'past' as const),
    reopens: fc.boolean(),
  })
  const property = fc.asyncProperty(fc.array(act, { maxLength: 30 }), fc.constantFrom(0, 1), async (acts, firstSeq) => {
    const prefix = `history/${history++}`
    const reopen = () => openLog(storage, prefix, z.number(), { firstSeq })
    const logs = [reopen(), reopen(), reopen()]
    const model: string[] = []
    for (const { opener, id, expects, reopens } of acts) {
      if (reopens) logs[opener] = reopen()
      const head = firstSeq - 1 + model.length
      const expectedSeq = { nothing: {}, head: { expectedSeq: head }, past: { expectedSeq: head - 1 } }[expects]
      const outcome = await (logs[opener] ?? reopen()).append({ id, actor: 'a', body: model.length, ...expectedSeq })
      const at = model.indexOf(id)
      if (at >= 0) assert.deepEqual(outcome.kind === 'known' && outcome.entry.body, at)
      else if (expects === 'past') assert.equal(outcome.kind, 'stale')
      else {
        assert.deepEqual(outcome.kind === 'appended' && outcome.entry.seq, head + 1)
        model.push(id)
      }
    }
    assert.deepEqual(idsOf(await collect(reopen().entries())), model)
    const { state, seq } = await reopen().fold('ids', '', (text, { id }) => `${text} ${id}`)
    assert.deepEqual([state, seq], [model.map((id) => ` ${id}`).join(''), firstSeq - 1 + model.length])
  })
  await fc.assert(property, { numRuns: 25 })
})

test('of writers in one process each gets its own number, whether they share the log or not', async (t) => {
  const storage = await freshStore(t)
  const shared = open(storage)
  const appends = Array.from({ length: 150 }, (_, index) =>
    (index % 3 === 0 ? open(storage) : shared).append(wish(`e${index % 75}`)),
  )
  const outcomes = await Promise.all(appends)
  assert.equal(outcomes.filter(({ kind }) => kind === 'appended').length, 75)
  assert.equal(outcomes.filter(({ kind }) => kind === 'known').length, 75)
  const entries = await collect(open(storage).entries())
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    Array.from({ length: 75 }, (_, index) => index + 1),
  )
  assert.equal(new Set(idsOf(entries)).size, 75)
})
