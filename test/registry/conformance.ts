/** What every registry guarantees, run against each adapter. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Registry, VersionRecord } from '../../src/registry/registry.js'
import { rejection } from '../support/rejection.js'

/** Opens one fresh registry again and again, as several processes would. */
export type OpenAgain = () => Promise<Registry>

/** How the suite gets registries. */
export interface RegistrySubject {
  readonly open: (t: TestContext) => Promise<OpenAgain>
  /** Why the suite cannot run here; skips it loudly. */
  readonly skip?: string | undefined
}

/** A version of a rule, told apart by its training rows. */
export function record(trainingRows = 0): VersionRecord {
  return {
    package: {
      predictor: { kind: 'rule', score: 'delay / 100' },
      features: [{ name: 'delay', kind: 'numeric' }],
      threshold: 0.5,
      files: {},
    },
    specRevision: 1,
    snapshot: 0,
    trainingRows,
    metrics: { auc: 0.61 },
  }
}

const evidence = { uri: 'runs/flights/3/evidence.json', sha256: 'a'.repeat(64), bytes: 10 }
const by = (id: string) => ({ id, actor: 'test' })
const moving = (id: string, to: number, expectedSeq: number) => ({
  id,
  to,
  expectedSeq,
  actor: 'ann',
  reason: 'better',
})

/** Defines the suite for one adapter. */
export function registryConformance(name: string, { open, skip }: RegistrySubject): void {
  describe(`registry ${name}`, { skip: skip ?? false }, () => {
    const check = (title: string, run: (registry: Registry, again: OpenAgain) => Promise<void>): void => {
      test(title, async (t) => {
        const again = await open(t)
        await run(await again(), again)
      })
    }

    check('numbers versions from 0 without a gap and keeps what was registered', async (registry, again) => {
      for (let number = 0; number < 3; number++) {
        const version = await registry.register('flights', record(number), by(`run-${number}`))
        assert.equal(version.version, number)
        assert.equal(version.registeredBy, 'test')
        assert.ok(Math.abs(Date.now() - Date.parse(version.registeredAt)) < 60_000)
        const { version: _, registeredAt, registeredBy, ...kept } = version
        assert.deepEqual(kept, record(number))
        assert.deepEqual(await (await again()).version('flights', number), version)
      }
      const versions = await registry.versions('flights')
      assert.deepEqual(
        versions.map(({ version, trainingRows }) => [version, trainingRows]),
        [
          [0, 0],
          [1, 1],
          [2, 2],
        ],
      )
    })

    check('registers one id once, from wherever', async (registry, again) => {
      await registry.register('flights', record(), by('zero'))
      const registries = [registry, await again(), await again()]
      const attempts = Array.from({ length: 12 }, (_, index) =>
        (registries[index % 3] ?? registry).register('flights', record(7), by(`run-${index % 4}`)),
      )
      const numbers = (await Promise.all(attempts)).map(({ version }) => version)
      assert.deepEqual([...new Set(numbers)].sort(), [1, 2, 3, 4])
      assert.equal((await registry.versions('flights')).length, 5)
      assert.equal((await registry.register('flights', record(9), by('zero'))).trainingRows, 0)
    })

    check('keeps models apart', async (registry) => {
      await registry.register('flights', record(1), by('a'))
      await registry.register('churn', record(2), by('a'))
      assert.equal((await registry.version('churn', 0)).trainingRows, 2)
      await registry.move('churn', 'champion', moving('m', 0, 0))
      assert.equal(await registry.alias('flights', 'champion'), undefined)
    })

    check('says NotFound for models and versions that are not there', async (registry) => {
      for (const ask of [
        () => registry.version('none', 0),
        () => registry.versions('none'),
        () => registry.alias('none', 'champion'),
        () => registry.history('none', 'champion'),
        () => registry.move('none', 'champion', moving('m', 0, 0)),
      ]) {
        assert.match((await rejection(ask(), 'NotFound')).message, /^Cannot find model "none": it has no versions\. /)
      }
      await registry.register('flights', record(), by('zero'))
      await rejection(registry.version('flights', 1), 'NotFound')
      await rejection(registry.version('flights', -1), 'NotFound')
      await rejection(registry.move('flights', 'champion', moving('m', 1, 0)), 'NotFound')
      assert.equal(await registry.alias('flights', 'champion'), undefined)
      assert.deepEqual(await registry.history('flights', 'champion'), [])
    })

    check('moves an alias only from where the mover saw it, and keeps every move, back ones too', async (registry) => {
      for (const id of ['zero', 'one', 'two']) await registry.register('flights', record(), by(id))
      const move = (id: string, to: number, expectedSeq: number) =>
        registry.move('flights', 'champion', moving(id, to, expectedSeq))
      assert.deepEqual(await move('a', 0, 3), { kind: 'stale', current: undefined })
      assert.deepEqual(await move('b', 0, 0), { kind: 'moved', position: { version: 0, seq: 1 } })
      assert.deepEqual(await move('c', 2, 0), { kind: 'stale', current: { version: 0, seq: 1 } })
      const withEvidence = { ...moving('d', 2, 1), evidence }
      assert.deepEqual(await registry.move('flights', 'champion', withEvidence), {
        kind: 'moved',
        position: { version: 2, seq: 2 },
      })
      assert.deepEqual(await move('e', 0, 2), { kind: 'moved', position: { version: 0, seq: 3 } })
      assert.deepEqual(await registry.alias('flights', 'champion'), { version: 0, seq: 3 })
      assert.equal(await registry.alias('flights', 'anchor'), undefined)

      const history = await registry.history('flights', 'champion')
      assert.deepEqual(
        history.map(({ at: _, ...rest }) => rest),
        [
          { version: 0, seq: 1, previous: undefined, actor: 'ann', reason: 'better', evidence: undefined },
          { version: 2, seq: 2, previous: 0, actor: 'ann', reason: 'better', evidence },
          { version: 0, seq: 3, previous: 2, actor: 'ann', reason: 'better', evidence: undefined },
        ],
      )
      for (const { at } of history) assert.ok(Math.abs(Date.now() - Date.parse(at)) < 60_000)
    })

    check('moves one id once, and refuses the id for another target', async (registry) => {
      for (const id of ['zero', 'one']) await registry.register('flights', record(), by(id))
      const first = await registry.move('flights', 'champion', moving('a', 0, 0))
      await registry.move('flights', 'champion', moving('b', 1, 1))
      assert.deepEqual(await registry.move('flights', 'champion', moving('a', 0, 0)), first)
      assert.equal((await registry.history('flights', 'champion')).length, 2)
      const error = await rejection(registry.move('flights', 'champion', moving('a', 1, 2)), 'Conflict')
      assert.match(error.message, /id "a" already moved it to version 0\. Use a new id\.$/)
    })

    check('of concurrent movers from one position one wins', async (registry, again) => {
      for (let number = 0; number < 8; number++) await registry.register('flights', record(), by(`v${number}`))
      const registries = [registry, await again(), await again()]
      for (let round = 0; round < 3; round++) {
        const attempts = Array.from({ length: 12 }, (_, index) =>
          (registries[index % 3] ?? registry).move(
            'flights',
            'champion',
            moving(`${round}/${index}`, index % 8, round),
          ),
        )
        const outcomes = await Promise.all(attempts)
        const winners = outcomes.flatMap((outcome) => (outcome.kind === 'moved' ? [outcome.position] : []))
        assert.equal(winners.length, 1)
        assert.equal(winners[0]?.seq, round + 1)
        for (const outcome of outcomes) {
          if (outcome.kind === 'stale') assert.deepEqual(outcome.current, winners[0])
        }
        assert.deepEqual(await registry.alias('flights', 'champion'), winners[0])
      }
    })

    check(
      'loses no move of movers that judge again: each began where the one before ended',
      async (registry, again) => {
        for (let number = 0; number < 5; number++) await registry.register('flights', record(), by(`v${number}`))
        const mover = async (name: string) => {
          const mine = await again()
          for (let moves = 0; moves < 4; moves++) {
            for (let attempt = 0; ; attempt++) {
              const seen = await mine.alias('flights', 'champion')
              // The target depends on what was seen, as a verdict does: a lost update would show in the sum.
              const to = ((seen?.version ?? 0) + 1) % 5
              const id = `${name}/${moves}/${attempt}`
              const outcome = await mine.move('flights', 'champion', moving(id, to, seen?.seq ?? 0))
              if (outcome.kind === 'moved') break
            }
          }
        }
        await Promise.all(['a', 'b', 'c', 'd'].map(mover))
        const history = await registry.history('flights', 'champion')
        assert.equal(history.length, 16)
        history.forEach((move, index) => {
          assert.equal(move.seq, index + 1)
          assert.equal(move.version, (index + 1) % 5)
          assert.equal(move.previous, index === 0 ? undefined : index % 5)
        })
      },
    )

    check('agrees with a model of it over random moves', async (registry) => {
      const property = fc.asyncProperty(fc.array(fc.tuple(fc.nat(4), fc.nat(6)), { maxLength: 12 }), async (wishes) => {
        const model = `m-${Math.random().toString(36).slice(2)}`
        for (let number = 0; number < 3; number++) await registry.register(model, record(), by(`v${number}`))
        const moves: number[] = []
        for (const [index, [to, expectedSeq]] of wishes.entries()) {
          const wish = registry.move(model, 'challenger', moving(`${index}`, to, expectedSeq))
          if (to > 2) await rejection(wish, 'NotFound')
          else if (expectedSeq !== moves.length) assert.equal((await wish).kind, 'stale')
          else assert.deepEqual(await wish, { kind: 'moved', position: { version: to, seq: moves.push(to) } })
        }
        assert.deepEqual(
          (await registry.history(model, 'challenger')).map(({ version }) => version),
          moves,
        )
      })
      await fc.assert(property, { numRuns: 10 })
    })
  })
}
