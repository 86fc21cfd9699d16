/** A process is killed before each change that it makes, in turn; another one goes on. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { drain } from '../../src/spool/drain.js'
import { Killed, Life, mortal } from './mortal.js'
import { inbox, keysIn, openWorld, push, startReceiver, switchable } from './shared.js'

/** Runs with a process that dies at its first change of a store, its second, … until one lives to the end. Gives how many died. */
async function killEverywhere(run: (life: Life) => Promise<unknown>): Promise<number> {
  for (let kills = 0; ; kills++) {
    const life = new Life()
    life.dieAfter(kills, false)
    try {
      await run(life)
    } catch (thrown) {
      if (!(thrown instanceof Killed)) throw thrown
    }
    if (!life.isOver) return kills
  }
}

async function worldWithQueue(t: TestContext) {
  const world = await openWorld(t)
  const { storage: store, state } = switchable(world.store)
  const { reception } = startReceiver({ ...world, store })
  state.isDown = true
  for (const key of ['a', 'b']) await push(reception, key, `rows of ${key}`)
  return world
}

const BOTH = [
  ['a', 'rows of a'],
  ['b', 'rows of b'],
]

test('a drain that is killed anywhere is taken up by the next one, and leaves no bytes behind', async (t) => {
  const kills = await killEverywhere(async (life) => {
    const world = await worldWithQueue(t)
    const dying = startReceiver({ ...world, store: mortal(world.store, life), spool: mortal(world.spool, life) })
    await drain(dying.ports, 'flights').catch((thrown: unknown) => assert.ok(thrown instanceof Killed))
    assert.equal((await drain(startReceiver(world).ports, 'flights')).stopped, undefined)
    assert.deepEqual(await inbox(world.store), BOTH)
    assert.deepEqual(await keysIn(world.spool, 'spool/flights/objects/'), [])
  })
  assert.ok(kills >= 8, `${kills} changes`)
})

test('a receiver that is killed anywhere while it spools has the push sent again, and keeps it once', async (t) => {
  const kills = await killEverywhere(async (life) => {
    const world = await worldWithQueue(t)
    const dying = startReceiver({ ...world, spool: mortal(world.spool, life) })
    await push(dying.reception, 'c', 'rows of c').catch((thrown: unknown) => assert.ok(thrown instanceof Killed))
    const fresh = startReceiver(world)
    assert.equal((await push(fresh.reception, 'c', 'rows of c')).state, 'spooled')
    assert.deepEqual(await drain(fresh.ports, 'flights'), { pushes: 3 })
    assert.deepEqual(await inbox(world.store), [...BOTH, ['c', 'rows of c']])
    assert.deepEqual(await keysIn(world.spool, 'spool/flights/objects/'), [])
  })
  assert.ok(kills >= 3, `${kills} changes`)
})
