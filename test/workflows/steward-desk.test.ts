import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AdmitRequest } from '../../src/workflows/messages.js'
import { StewardDesk, StewardState } from '../../src/workflows/steward-desk.js'

const wish = (id: string, fields: object = {}) => AdmitRequest.parse({ id, actor: 'test', ...fields })
const RUN = { run: 1, workflowId: 'refit/m/run/1' }
const WAIT = { reason: 'a run is open', notBeforeMs: 1000 }

test('a request is taken once, however often it is laid down, and its ruling is remembered', () => {
  const desk = new StewardDesk('m')
  desk.lay(wish('a'))
  desk.lay(wish('a'))
  assert.ok(desk.hasNews)
  assert.deepEqual(desk.take(0), [wish('a')])
  assert.ok(desk.isClear && !desk.hasNews)
  desk.lay(wish('a'))
  desk.started(wish('a'), RUN, 0)
  assert.deepEqual(desk.take(0), [])
  assert.deepEqual(desk.rulingOn('a'), { kind: 'admitted', ...RUN })
})

test('what is queued becomes one request with all reasons, due when nothing runs', () => {
  const desk = new StewardDesk('m')
  desk.started(wish('a'), RUN, 0)
  for (const [id, reason] of [
    ['b', 'drift'],
    ['c', 'latency'],
    ['d', 'drift'],
  ] as const) {
    desk.queued(wish(id, { reason, count: 2 }), WAIT)
  }
  assert.equal(desk.msUntilFollowUp(400), undefined)
  desk.runEnded(RUN.workflowId, 'promoted', 300)
  assert.equal(desk.msUntilFollowUp(400), 600)
  assert.deepEqual(desk.take(999), [])
  assert.deepEqual(desk.take(1000), [wish('b', { reason: 'drift; latency', count: 6 })])
  assert.equal(desk.msUntilFollowUp(1000), undefined)
})

test('a pause keeps what is queued', () => {
  const desk = new StewardDesk('m')
  desk.queued(wish('a'), WAIT)
  desk.setPaused(true)
  assert.deepEqual(desk.take(2000), [])
  desk.setPaused(false)
  assert.deepEqual(desk.take(2000), [wish('a')])
})

test('the end of a run counts though it is heard before the start, and that of another run does not', () => {
  const desk = new StewardDesk('m')
  desk.runEnded('refit/m/run/0', 'failed', 1)
  desk.started(wish('a'), RUN, 2)
  assert.deepEqual(desk.running, RUN)
  desk.runEnded('refit/m/run/2', 'rejected', 3)
  desk.runIsGone(RUN.workflowId, 4)
  assert.deepEqual([desk.running, desk.status(4).lastOutcome], [null, 'failed'])
  desk.started(wish('b'), { run: 2, workflowId: 'refit/m/run/2' }, 5)
  assert.deepEqual([desk.running, desk.status(5).lastOutcome], [null, 'rejected'])
  assert.equal(desk.status(5).runsLast24Hours, 2)
})

test('a run is looked after each minute, and before a workflow that asks for itself is refused because of it', () => {
  const desk = new StewardDesk('m')
  desk.started(wish('a'), RUN, 1000)
  assert.equal(desk.shouldLookAfterRun(2000), false)
  desk.lay(wish('b'))
  assert.equal(desk.shouldLookAfterRun(2000), false)
  desk.lay(wish('c', { workflowId: 'by-hand' }))
  assert.equal(desk.shouldLookAfterRun(2000), true)
  desk.take(2000)
  assert.equal(desk.shouldLookAfterRun(61_000), true)
})

test('what is handed over can be read again, and holds no more rulings than fit into a payload', () => {
  const desk = new StewardDesk('m')
  for (let i = 0; i < 600; i++) desk.refused(wish(`${i}-${'x'.repeat(150)}`), 'a reason that is told to everybody')
  const state = desk.state()
  assert.ok(JSON.stringify(state).length < 45_000)
  assert.equal(state.rulings.at(-1)?.[0].split('-')[0], '599')
  const next = new StewardDesk('m', StewardState.parse(JSON.parse(JSON.stringify(state))))
  assert.deepEqual(next.state(), state)
})
