/** The Temporal server is killed under a run and started again on its file: the run goes on to its one promotion. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { writeOrders } from '../support/late-orders.js'
import { startLoop } from '../support/loop.js'
import { startTestTemporal, type TestTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

let temporal: TestTemporal
before(async () => {
  temporal = await startTestTemporal()
})
after(() => temporal.stop())

const PROMOTED = { holds: true, rowsIn: 8000, kept: 7920, quarantined: 80, versions: 2, moves: 2 }

test('a server killed while a run trains: one promotion, all rows accounted for', { timeout: 180_000 }, async () => {
  // Long enough to be met in the middle, also on a fast machine.
  const loop = await startLoop(temporal, { spec: (text) => text.replace('epochs: 6', 'epochs: 20\n    patience: 20') })
  try {
    await writeOrders(loop.landing, { month: '2026-01' })
    const workflowId = await loop.start()
    await until('the training', async () => (await temporal.client.runStatus(workflowId))?.stage === 'train')
    await temporal.crash()
    await assert.rejects(temporal.client.runStatus(workflowId), /Cannot reach Temporal/)
    await temporal.revive()
    await until('the end of the run', async () => (await temporal.client.runStatus(workflowId))?.stage === 'ended')
    assert.equal((await temporal.client.result(workflowId)).outcome, 'promoted')
    assert.deepEqual(await loop.account(), PROMOTED)
  } finally {
    await loop.stop()
  }
})

test('a server killed while a run waits for a person: it still waits, and the word counts once', {
  timeout: 180_000,
}, async () => {
  const loop = await startLoop(temporal, { spec: (text) => `${text}approval:\n  required: always\n` })
  try {
    await writeOrders(loop.landing, { month: '2026-01' })
    const workflowId = await loop.start()
    const waits = async () => (await temporal.client.runStatus(workflowId))?.waitingFor
    await until('the question', waits)
    await temporal.crash()
    await temporal.revive()
    await until('the question after the restart', waits)
    await temporal.client.approve(workflowId, { actor: 'ada', reason: 'it is better' })
    assert.equal((await temporal.client.result(workflowId)).outcome, 'promoted')
    assert.deepEqual(await loop.account(), PROMOTED)
    const steward = await until('the steward to know', async () => {
      const status = await temporal.client.stewardStatus(loop.model)
      return status?.running === null ? status : undefined
    })
    assert.deepEqual(
      { outcome: steward.lastOutcome, pending: steward.pending, runs: steward.runsLast24Hours },
      { outcome: 'promoted', pending: null, runs: 1 },
    )
  } finally {
    await loop.stop()
  }
})
