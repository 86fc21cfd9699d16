/** Under any faults: every acknowledged push is in the inbox once, in the order of its producer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RefitError } from '../../src/errors.js'
import { drain } from '../../src/spool/drain.js'
import type { Storage } from '../../src/storage/storage.js'
import { type Fate, flakyStorage } from '../support/flaky-storage.js'
import { Killed, Life, mortal } from './mortal.js'
import { inbox, keysIn, openWorld, push, type SpoolWorld, startReceiver } from './shared.js'

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('push' as const), producers: fc.subarray([0, 1], { minLength: 1 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'drain' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'drainTwice' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('storeIs' as const), isDown: fc.boolean() }) },
  // The process dies at so many changes from now, before or after the last one took effect.
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('die' as const), after: fc.nat({ max: 12 }), isLate: fc.boolean() }),
  },
)
const fates = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Fate>('fine') },
    { weight: 1, arbitrary: fc.constantFrom<Fate>('lostAnswer', 'neverArrived', 'repeatedByClient') },
  ),
  { maxLength: 120 },
)
const unreadable = fc.array(
  fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  { maxLength: 120 },
)

interface Faults {
  readonly storeFates: readonly Fate[]
  readonly spoolFates: readonly Fate[]
  readonly storeReads: readonly boolean[]
  readonly spoolReads: readonly boolean[]
}

/** The world with its faults; when the drawn ones are used up all is fine. */
function faulty({ store, spool, scratchFolder }: SpoolWorld, faults: Faults, isDown: () => boolean): SpoolWorld {
  const meddle = (real: Storage, fates: readonly Fate[], reads: readonly boolean[], isAway: () => boolean) => {
    let [writes, looks] = [0, 0]
    return flakyStorage(real, {
      fate: () => (isAway() ? 'neverArrived' : (fates[writes++] ?? 'fine')),
      failsToRead: () => isAway() || (reads[looks++] ?? false),
    })
  }
  return {
    store: meddle(store, faults.storeFates, faults.storeReads, isDown),
    spool: meddle(spool, faults.spoolFates, faults.spoolReads, () => false),
    scratchFolder,
  }
}

/** A producer sends one push after the other, and each again until it is acknowledged. */
class Producer {
  readonly acknowledged: string[] = []
  constructor(readonly name: string) {}
  get key(): string {
    return `${this.name}-${this.acknowledged.length + 1}`
  }
  async send(reception: ReturnType<typeof startReceiver>['reception']): Promise<void> {
    const { key } = this
    try {
      await push(reception, key, `rows of ${key}`)
      this.acknowledged.push(key)
    } catch (thrown) {
      if (!(thrown instanceof Killed) && !(thrown instanceof RefitError && !thrown.permanent)) throw thrown
    }
  }
}

test('every acknowledged push comes into the inbox once, in order, whatever fails and whoever is killed', async (t) => {
  let [spooledRuns, killedRuns] = [0, 0]
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 4, maxLength: 20 }),
    fc.record({ storeFates: fates, spoolFates: fates, storeReads: unreadable, spoolReads: unreadable }),
    async (steps, faults) => {
      const world = await openWorld(t)
      let isDown = false
      const flaky = faulty(world, faults, () => isDown)
      let life = new Life()
      const start = () =>
        startReceiver({ ...flaky, store: mortal(flaky.store, life), spool: mortal(flaky.spool, life) })
      let receiver = start()
      const producers = [new Producer('a'), new Producer('b')] as const
      const drainAs = async ({ ports }: typeof receiver) => {
        await drain(ports, 'flights').catch((thrown: unknown) => {
          if (!(thrown instanceof Killed)) throw thrown
        })
      }
      for (const step of steps) {
        if (step.kind === 'push') {
          await Promise.all(
            producers.map((one, index) => step.producers.includes(index) && one.send(receiver.reception)),
          )
        } else if (step.kind === 'drain') await drainAs(receiver)
        else if (step.kind === 'drainTwice') await Promise.all([drainAs(receiver), drainAs(start())])
        else if (step.kind === 'storeIs') isDown = step.isDown
        else life.dieAfter(step.after, step.isLate)
        if (life.isOver) {
          killedRuns++
          life = new Life()
          receiver = start()
        }
      }

      const calm = startReceiver(world)
      const { stopped } = await drain(calm.ports, 'flights')
      assert.equal(stopped, undefined)
      const found = await inbox(world.store)
      for (const { acknowledged, name } of producers) {
        const mine = found.map(([key]) => key).filter((key) => acknowledged.includes(key))
        assert.deepEqual(mine, acknowledged, `pushes of ${name}`)
      }
      for (const [key, body] of found) assert.equal(body, `rows of ${key}`)
      const queue = calm.spool.queue('flights')
      const kept = await keysIn(world.spool, 'spool/flights/objects/')
      for (let seq = 1; ; seq++) {
        const entry = await queue.at(seq)
        if (entry === undefined) break
        spooledRuns++
        assert.ok(!kept.includes(entry.body.object.uri), `the bytes of ${entry.id} are still in the spool`)
      }
    },
  )
  await fc.assert(property, { numRuns: 30, endOnFailure: true })
  t.diagnostic(`${spooledRuns} pushes waited in the spool, ${killedRuns} processes were killed`)
  assert.ok(spooledRuns > 10 && killedRuns > 3)
})
