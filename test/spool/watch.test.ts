import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchSpool } from '../../src/spool/watch.js'
import { until } from '../support/until.js'
import { inbox, openWorld, push, startReceiver, switchable } from './shared.js'

test('a watch drains when the store is back, and says once why pushes wait', { timeout: 60_000 }, async (t) => {
  const world = await openWorld(t)
  const { storage: store, state } = switchable(world.store)
  const { reception, ports } = startReceiver({ ...world, store }, { maxBytes: 10, maxHours: 72 })
  state.isDown = true
  await push(reception, 'a', '123456789')
  const warnings: string[] = []
  let looks = 0
  const now = () => {
    looks++
    return new Date()
  }
  const watch = watchSpool({ ...ports, warn: (text) => warnings.push(text), now, everyMs: 10 })
  t.after(() => watch.stop())
  await until('some looks', async () => looks > 20)
  assert.deepEqual(warnings, [
    'The spool is 90 % full; at 100 % pushes are refused. Mend the store, or raise REFIT_SPOOL_MAX_MB.',
    'Pushes of "flights" wait in the spool. Cannot reach the store: switched off by the test. Try again.',
  ])
  state.isDown = false
  await until('the push to be in the inbox', async () => (await inbox(world.store)).length === 1)
  await watch.stop()
  assert.equal(warnings.length, 2)
})
