/** The steward continues as new, under load, and nobody notices. The server suggests it early: after sixty events. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Worker } from '@temporalio/worker'
import { createLocalStorage } from '../../src/storage/local.js'
import type { Storage } from '../../src/storage/storage.js'
import { AdmitRequest, type Ruling, stewardId } from '../../src/workflows/messages.js'
import { chainOfHistories, payloadSizesIn } from '../support/history.js'
import { applySmallModel } from '../support/small-model.js'
import { straightToPromotion, stubActivities } from '../support/stub-activities.js'
import { startTestTemporal, type TestTemporal, withWorker, workflowBundle } from '../support/temporal.js'
import { until } from '../support/until.js'

const MOST_BYTES = 64 * 1024

let temporal: TestTemporal
let storage: Storage
before(async () => {
  temporal = await startTestTemporal({ 'limit.historyCount.suggestContinueAsNew': 60 })
  storage = await createLocalStorage(join(temporal.folder, 'store'))
})
after(() => temporal?.stop())

const request = (fields: object = {}) => AdmitRequest.parse({ id: randomUUID(), actor: 'test', ...fields })
const status = async (model: string) => (await temporal.client.stewardStatus(model)) ?? assert.fail('no steward')
const currentRun = async (model: string) =>
  (await temporal.temporal.workflow.getHandle(stewardId(model)).describe()).runId

/** Asks for runs, eight at a time: a history takes ten updates in flight. */
async function askAll(model: string, requests: readonly AdmitRequest[]): Promise<readonly Ruling[]> {
  const rulings: Ruling[] = []
  for (let i = 0; i < requests.length; i += 8) {
    const some = requests.slice(i, i + 8).map((wish) => temporal.client.admit(model, wish))
    rulings.push(...(await Promise.all(some)))
  }
  return rulings
}

/** All histories of the steward replay, and none holds data. Gives how many there are. */
async function examineHistories(model: string): Promise<number> {
  const chain = await chainOfHistories(temporal.temporal, stewardId(model))
  for (const history of chain) {
    const tooLarge = payloadSizesIn(history, stewardId(model)).filter(({ bytes }) => bytes > MOST_BYTES)
    assert.deepEqual(tooLarge, [])
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, stewardId(model))
  }
  return chain.length
}

test('requests alone make it continue; the pause and the latest rulings are remembered', {
  timeout: 180_000,
}, async () => {
  const model = 'paused-for-long'
  await applySmallModel(storage, model)
  await withWorker(temporal.address, stubActivities(storage, straightToPromotion()), async () => {
    await temporal.client.setPaused(model, true)
    const first = await currentRun(model)
    // With the longest ids: what is remembered must still be small enough to be handed over.
    const wishes = Array.from({ length: 280 }, () => request({ id: `${randomUUID()}-${'x'.repeat(160)}` }))
    const rulings = await askAll(model, wishes)
    assert.deepEqual(new Set(rulings.map(({ kind }) => kind)), new Set(['refused']))
    await until('another run of the steward', async () => (await currentRun(model)) !== first)

    assert.equal((await status(model)).paused, true)
    await temporal.client.setPaused(model, false)
    const latest = wishes.slice(-50)
    assert.deepEqual(await askAll(model, latest), rulings.slice(-50))
    assert.equal((await status(model)).running, null)
    assert.ok((await examineHistories(model)) >= 3)
  })
})

test('the open run and what was merged into its follow-up survive', { timeout: 180_000 }, async () => {
  const model = 'busy-for-long'
  await applySmallModel(storage, model)
  const answers = straightToPromotion()
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  await withWorker(temporal.address, stubActivities(storage, { ...answers, beforeTrain: () => held }), async () => {
    const wish = request()
    const admitted = await temporal.client.admit(model, wish)
    assert.equal(admitted.kind, 'admitted')
    const first = await currentRun(model)
    const alerts = Array.from({ length: 120 }, (_, i) =>
      request({ trigger: 'alert', reason: `alert ${i % 3}`, count: 2 }),
    )
    const rulings = await askAll(model, alerts)
    assert.deepEqual(new Set(rulings.map(({ kind }) => kind)), new Set(['queued']))
    await until('another run of the steward', async () => (await currentRun(model)) !== first)

    const { pending, running } = await status(model)
    assert.deepEqual(running, { run: 1, workflowId: `refit/${model}/run/1` })
    assert.equal(pending?.count, 240)
    assert.deepEqual([...(pending?.reasons ?? [])].sort(), ['alert 0', 'alert 1', 'alert 2'])
    assert.deepEqual(await temporal.client.admit(model, wish), admitted)

    release()
    await until('the follow-up run', () => temporal.client.runStatus(`refit/${model}/run/2`))
    assert.equal((await temporal.client.result(`refit/${model}/run/2`)).outcome, 'promoted')
    await until('the steward to be free', async () => (await status(model)).running === null)
    assert.equal(answers.calls.filter((name) => name === 'planRun').length, 2)
    assert.ok((await examineHistories(model)) >= 3)
  })
})
