/** Messages arrive twice, late, or broken: one wish is one run, and the steward outlives all of them. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { listRuns } from '../../src/ledger/run-ledger.js'
import { AdmitRequest, stewardId } from '../../src/workflows/messages.js'
import { writeOrders } from '../support/late-orders.js'
import { startLoop, type TestLoop } from '../support/loop.js'
import { startTestTemporal, type TestTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

let temporal: TestTemporal
let loop: TestLoop
before(async () => {
  temporal = await startTestTemporal()
  // A run that waits for a person stays open for as long as a test needs it.
  loop = await startLoop(temporal, { spec: (text) => `${text}approval:\n  required: always\n` })
  await writeOrders(loop.landing, { month: '2026-01' })
})
after(async () => {
  await loop?.stop()
  await temporal?.stop()
})

const steward = () => temporal.temporal.workflow.getHandle(stewardId(loop.model))
const status = async () => (await temporal.client.stewardStatus(loop.model)) ?? assert.fail('there is no steward')
const runs = async () => (await listRuns(loop.ports.storage, loop.model)).length
const untilFree = () =>
  until('the steward to be free', async () => {
    const { running, pending } = await status()
    return running === null && pending === null
  })

const FIRST = AdmitRequest.parse({ id: 'first', actor: 'test', reason: 'January arrived' })
const FIRST_RUN = () => `refit/${loop.model}/run/1`
const SECOND_RUN = () => `refit/${loop.model}/run/2`

test('a request that is sent five times at once is one run with one ruling', { timeout: 120_000 }, async () => {
  const rulings = await Promise.all(Array.from({ length: 5 }, () => temporal.client.admit(loop.model, FIRST)))
  for (const ruling of rulings) {
    assert.deepEqual(ruling, { kind: 'admitted', run: 1, workflowId: FIRST_RUN() })
  }
  await until('the question', async () => (await temporal.client.runStatus(FIRST_RUN()))?.waitingFor)
  assert.equal(await runs(), 1)
})

test('malformed signals are left, and the steward goes on', { timeout: 60_000 }, async () => {
  const { reason, ...before } = { reason: '', ...(await status()) }
  assert.equal(reason, '')
  for (const payload of [undefined, null, 'alert!', 7, [], { id: 7 }, { id: '', trigger: 'boredom' }, { count: -1 }]) {
    await steward().signal('runEnded', payload)
    if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) {
      await steward().signal('alert', payload)
      await steward().signal('trigger', payload)
    }
  }
  await steward().signal('runEnded', { workflowId: FIRST_RUN(), outcome: 'won' })
  await steward().signal('runEnded', { workflowId: `refit/${loop.model}/run/99`, outcome: 'promoted' })
  await steward().signal('no-such-signal', { a: 1 })
  assert.deepEqual(await status(), before)
})

test('alerts and triggers that repeat themselves during a run are one follow-up', { timeout: 60_000 }, async () => {
  const [alert, trigger] = [
    { id: 'alert-1', reason: 'the error rate rises' },
    { id: 'trigger-1', reason: 'new data' },
  ]
  for (let i = 0; i < 10; i++) {
    await steward().signal('alert', alert)
    await steward().signal('trigger', trigger)
    // What was admitted is not wished for again.
    await steward().signal('trigger', { ...FIRST })
  }
  const pending = await until('both wishes', async () => {
    const kept = (await status()).pending
    return kept?.reasons.length === 2 ? kept : undefined
  })
  assert.deepEqual([...pending.reasons].sort(), ['new data', 'the error rate rises'])
  assert.equal(pending.count, 2)
  assert.equal(await runs(), 1)
})

test('the end of a run that is told three times starts one follow-up run', { timeout: 120_000 }, async () => {
  await temporal.client.approve(FIRST_RUN(), { actor: 'ada', reason: 'it is better' })
  assert.equal((await temporal.client.result(FIRST_RUN())).outcome, 'promoted')
  const ended = { workflowId: FIRST_RUN(), outcome: 'promoted' }
  for (let i = 0; i < 3; i++) await steward().signal('runEnded', ended)
  await until('the follow-up run', async () => (await runs()) === 2 && temporal.client.runStatus(SECOND_RUN()))
  for (let i = 0; i < 3; i++) await steward().signal('runEnded', ended)
  assert.equal((await temporal.client.result(SECOND_RUN())).outcome, 'notNeeded')
  await untilFree()
  for (let i = 0; i < 3; i++) await steward().signal('alert', { id: 'alert-1', reason: 'the error rate rises' })
  assert.deepEqual(await temporal.client.admit(loop.model, FIRST), {
    kind: 'admitted',
    run: 1,
    workflowId: FIRST_RUN(),
  })
  assert.equal(await runs(), 2)
  const { holds, versions, moves } = await loop.account()
  assert.deepEqual({ holds, versions, moves }, { holds: true, versions: 2, moves: 2 })
})

test('a run that is terminated makes way for the next one who asks', { timeout: 120_000 }, async () => {
  const doomed = await loop.start({ input: { force: 'full' } })
  await until('the question', async () => (await temporal.client.runStatus(doomed))?.waitingFor)
  await temporal.temporal.workflow.getHandle(doomed).terminate('a person lost patience')
  const byHand = `by-hand-${randomUUID()}`
  await temporal.temporal.workflow.start('retrain', {
    workflowId: byHand,
    taskQueue: 'refit',
    args: [{ model: loop.model, force: 'none' }],
  })
  const result = await temporal.client.result(byHand)
  assert.deepEqual({ outcome: result.outcome, run: result.run }, { outcome: 'notNeeded', run: 4 })
  await untilFree()
  const { holds, moves } = await loop.account()
  assert.deepEqual({ holds, moves }, { holds: true, moves: 2 })
})
