/** What a log guarantees, run on each store that it may be in. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { openLog } from '../../src/storage/log.js'
import type { Storage } from '../../src/storage/storage.js'
import { collect } from '../support/collect.js'
import { rejection } from '../support/rejection.js'
import type { StorageSubject } from './conformance.js'
import { fill, idsOf, open, PREFIX, wish } from './small-log.js'

/** How the suite gets stores. */
export interface LogSubject extends StorageSubject {
  /** Pairs of appends that all want the next number at the same time: what each loses costs requests to the store. */
  readonly rivals: number
}

/** Defines the suite for one store. */
export function logConformance(name: string, { open: openStore, skip, rivals }: LogSubject): void {
  describe(`log ${name}`, { skip: skip ?? false }, () => {
    const check = (title: string, run: (freshStore: () => Promise<Storage>) => Promise<void>): void => {
      test(title, (t) => run(async () => (await openStore(t))()))
    }

    check('an entry has number, id, time, actor and body, and is one object', async (freshStore) => {
      const storage = await freshStore()
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

    check('a known id gives the entry that it has, whatever is expected or asked now', async (freshStore) => {
      const log = open(await freshStore())
      await fill(log, 3)
      const again = await log.append({ ...wish('e2', 99), expectedSeq: 1 })
      assert.equal(again.kind, 'known')
      assert.deepEqual(again.kind === 'known' && [again.entry.seq, again.entry.body.value], [2, 2])
      assert.equal((await log.head())?.seq, 3)
    })

    check('an expectation that does not hold is stale and tells the head', async (freshStore) => {
      for (const firstSeq of [0, 1]) {
        const log = open(await freshStore(), { firstSeq })
        assert.deepEqual(await log.append({ ...wish('x'), expectedSeq: 5 }), { kind: 'stale', head: undefined })
        assert.equal((await log.append({ ...wish('a'), expectedSeq: firstSeq - 1 })).kind, 'appended')
        assert.equal((await log.append({ ...wish('b'), expectedSeq: firstSeq })).kind, 'appended')
        const stale = await log.append({ ...wish('c'), expectedSeq: firstSeq })
        assert.equal(stale.kind === 'stale' && stale.head?.id, 'b')
        assert.deepEqual(idsOf(await collect(log.entries())), ['a', 'b'])
      }
    })

    check('ranges of entries are read in order', async (freshStore) => {
      const log = open(await freshStore())
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

    check('what could not be read again is refused before it is written', async (freshStore) => {
      const storage = await freshStore()
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

    check('a damaged, missing or misplaced entry is StoreCorrupt, by name', async (freshStore) => {
      const storage = await freshStore()
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

    check('histories agree with a model, through several openers and reopened at any time', async (freshStore) => {
      const storage = await freshStore()
      let history = 0
      const act = fc.record({
        opener: fc.nat(2),
        id: fc.integer({ min: 0, max: 12 }).map(String),
        expects: fc.constantFrom('nothing' as const, 'head' as const, 'past' as const),
        reopens: fc.boolean(),
      })
      const property = fc.asyncProperty(
        fc.array(act, { maxLength: 30 }),
        fc.constantFrom(0, 1),
        async (acts, firstSeq) => {
          const prefix = `history/${history++}`
          const reopen = () => openLog(storage, prefix, z.number(), { firstSeq })
          const logs = [reopen(), reopen(), reopen()]
          const model: string[] = []
          for (const { opener, id, expects, reopens } of acts) {
            if (reopens) logs[opener] = reopen()
            const head = firstSeq - 1 + model.length
            const expectedSeq = { nothing: {}, head: { expectedSeq: head }, past: { expectedSeq: head - 1 } }[expects]
            const outcome = await (logs[opener] ?? reopen()).append({
              id,
              actor: 'a',
              body: model.length,
              ...expectedSeq,
            })
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
        },
      )
      await fc.assert(property, { numRuns: 25 })
    })

    check(
      'of writers in one process each gets its own number, whether they share the log or not',
      async (freshStore) => {
        const storage = await freshStore()
        const shared = open(storage)
        const appends = Array.from({ length: 2 * rivals }, (_, index) =>
          (index % 3 === 0 ? open(storage) : shared).append(wish(`e${index % rivals}`)),
        )
        const outcomes = await Promise.all(appends)
        assert.equal(outcomes.filter(({ kind }) => kind === 'appended').length, rivals)
        assert.equal(outcomes.filter(({ kind }) => kind === 'known').length, rivals)
        const entries = await collect(open(storage).entries())
        assert.deepEqual(
          entries.map(({ seq }) => seq),
          Array.from({ length: rivals }, (_, index) => index + 1),
        )
        assert.equal(new Set(idsOf(entries)).size, rivals)
      },
    )
  })
}
