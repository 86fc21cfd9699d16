import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { drain, drainAll } from '../../src/spool/drain.js'
import { createReception } from '../../src/spool/reception.js'
import { rejection } from '../support/rejection.js'
import { inbox, keysIn, openWorld, push, startReceiver, switchable } from './shared.js'

const SHA256_OF_1 = '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b'

test('while the store answers, a push is stored; its key again is the same push', async (t) => {
  const world = await openWorld(t)
  const { reception } = startReceiver(world)
  const stored = { seq: 1, sha256: SHA256_OF_1, bytes: 1, state: 'stored', known: false }
  assert.deepEqual(await push(reception, 'a', '1'), stored)
  assert.deepEqual(await push(reception, 'a', '1'), { ...stored, known: true })
  const conflict = await rejection(push(reception, 'a', '2'), 'Conflict')
  assert.match(
    conflict.message,
    /^Cannot take the push: its key "a" came before with other bytes .* another Idempotency-Key\.$/,
  )
  assert.deepEqual(await inbox(world.store), [['a', '1']])
  assert.deepEqual(await keysIn(world.spool, 'spool/'), [])
})

test('while the store is away, pushes wait in the spool; a key is one push there, too', async (t) => {
  const world = await openWorld(t)
  const { storage: store, state } = switchable(world.store)
  const { reception, ports } = startReceiver({ ...world, store })
  state.isDown = true
  const spooled = { seq: 1, sha256: SHA256_OF_1, bytes: 1, state: 'spooled', known: false }
  assert.deepEqual(await push(reception, 'a', '1'), spooled)
  assert.deepEqual(await push(reception, 'a', '1'), { ...spooled, known: true })
  await rejection(push(reception, 'a', '2'), 'Conflict')
  const { stopped = '' } = await drain(ports, 'flights')
  assert.match(stopped, /switched off by the test/)

  state.isDown = false
  assert.equal((await push(reception, 'b', '2')).state, 'spooled', 'what comes behind waits behind')
  assert.deepEqual(Object.fromEntries(await drainAll(ports)), { flights: { pushes: 2 } })
  assert.deepEqual(await inbox(world.store), [
    ['a', '1'],
    ['b', '2'],
  ])
  assert.deepEqual(await keysIn(world.spool, 'spool/flights/objects/'), [])
  assert.deepEqual(await push(reception, 'a', '1'), { ...spooled, state: 'stored', known: true })
  assert.equal((await push(reception, 'c', '3')).state, 'stored')
})

test('a key that drained is known while the store is away again', async (t) => {
  const world = await openWorld(t)
  const { storage: store, state } = switchable(world.store)
  const { reception, ports } = startReceiver({ ...world, store })
  await push(reception, 'first', '0')
  state.isDown = true
  await push(reception, 'a', '1')
  state.isDown = false
  await drain(ports, 'flights')
  state.isDown = true
  const { seq, state: where, known } = await push(reception, 'a', '1')
  assert.deepEqual([seq, where, known], [2, 'stored', true])
  assert.deepEqual(await keysIn(world.spool, 'spool/flights/objects/'), [])
})

test('a push that the store took without an answer, and one that went both ways, are one', async (t) => {
  const world = await openWorld(t)
  const { storage: store, state } = switchable(world.store)
  const { reception, ports } = startReceiver({ ...world, store })
  await push(reception, 'a', '1')
  state.isDown = true
  assert.deepEqual(await push(reception, 'a', '1').then(({ state, known }) => [state, known]), ['spooled', false])
  state.isDown = false
  assert.deepEqual(await drain(ports, 'flights'), { pushes: 1 })
  assert.deepEqual(await inbox(world.store), [['a', '1']])
})

test('equal bytes under two keys are two pushes, and the turn of one takes nothing from the other', async (t) => {
  const world = await openWorld(t)
  const { storage: store, state } = switchable(world.store)
  const { reception, ports } = startReceiver({ ...world, store })
  state.isDown = true
  for (const key of ['a', 'b']) await push(reception, key, '1')
  state.isDown = false
  assert.deepEqual(await drain(ports, 'flights'), { pushes: 2 })
  assert.deepEqual(await inbox(world.store), [
    ['a', '1'],
    ['b', '1'],
  ])
})

test('other bytes under a key that only the store knew are kept when they were acknowledged', async (t) => {
  const world = await openWorld(t)
  const { storage: store, state } = switchable(world.store)
  const { reception, ports } = startReceiver({ ...world, store })
  await push(reception, 'a', '1')
  state.isDown = true
  assert.equal((await push(reception, 'a', '2')).state, 'spooled')
  state.isDown = false
  await drain(ports, 'flights')
  assert.deepEqual(
    (await inbox(world.store)).map(([, body]) => body),
    ['1', '2'],
  )
})

test('a spool that is full takes nothing, and what waits there is untouched', async (t) => {
  const world = await openWorld(t)
  const { storage: store, state } = switchable(world.store)
  const { reception, ports } = startReceiver({ ...world, store }, { maxBytes: 10, maxHours: 72 })
  state.isDown = true
  await push(reception, 'a', '12345')
  const answers = await Promise.allSettled(['b', 'c', 'd'].map((key) => push(reception, key, '6789')))
  assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1, 'of three at a time one fits')
  const full = await rejection(push(reception, 'e', '12'), 'StoreUnavailable')
  assert.match(full.message, /of 10 bytes in the spool 9 are used, which leaves no room for 2\. Send it again later/)
  state.isDown = false
  await rejection(push(reception, 'e', '12'), 'StoreUnavailable')
  await drain(ports, 'flights')
  assert.equal((await push(reception, 'e', '12')).state, 'stored')
  assert.equal((await inbox(world.store)).length, 3)
})

test('when neither store nor spool answers, or there is no spool, nothing is acknowledged', async (t) => {
  const world = await openWorld(t)
  const one = switchable(world.store)
  const other = switchable(world.spool)
  const { reception } = startReceiver({ ...world, store: one.storage, spool: other.storage })
  await push(reception, 'a', '1')
  other.state.isDown = true
  assert.equal((await push(reception, 'b', '2')).state, 'stored', 'nothing waited when it was seen last')
  one.state.isDown = true
  await rejection(push(reception, 'c', '3'), 'StoreUnavailable')
  const { hasModel, scratchFolder } = { hasModel: async () => true, scratchFolder: world.scratchFolder }
  const alone = createReception({ store: one.storage, spool: undefined, hasModel, scratchFolder })
  await rejection(push(alone, 'c', '3'), 'StoreUnavailable')
  const fresh = startReceiver({ ...world, spool: other.storage })
  await rejection(push(fresh.reception, 'd', '4'), 'StoreUnavailable')
  assert.equal((await inbox(world.store)).length, 2)
})

test('a body that is refused half way leaves nothing', async (t) => {
  const world = await openWorld(t)
  const { reception } = startReceiver(world)
  async function* broken(): AsyncIterable<Uint8Array> {
    yield Buffer.from('{"n":1}\n')
    throw new TypeError('the line broke')
  }
  await assert.rejects(
    reception.receive({ model: 'flights', key: 'a', format: 'json', chunks: broken() }),
    /the line broke/,
  )
  assert.deepEqual([await inbox(world.store), await keysIn(world.store, 'datasets/')], [[], []])
  assert.deepEqual(await readdir(world.scratchFolder), [])
})

test('a receiver that starts while the store is away knows the models that were pushed to before', async (t) => {
  const world = await openWorld(t)
  const ports = { store: world.store, scratchFolder: world.scratchFolder }
  const before = startReceiver(world)
  assert.deepEqual([await before.reception.knows('flights'), await before.reception.knows('trains')], [true, false])
  const down = switchable(world.store)
  down.state.isDown = true
  const hasModel = async () => (await down.storage.read('models/x')) !== undefined
  const after = createReception({ ...ports, spool: startReceiver(world).spool, hasModel })
  assert.equal(await after.knows('flights'), true)
  await rejection(after.knows('trains'), 'StoreUnavailable')
})
