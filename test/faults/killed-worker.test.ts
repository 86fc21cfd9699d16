/** A worker is killed at the worst moments: the outcome equals the undisturbed run, to the byte of the model. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeOrders } from '../support/late-orders.js'
import { startLoop } from '../support/loop.js'
import { startTestTemporal, type TestTemporal } from '../support/temporal.js'

let temporal: TestTemporal
before(async () => {
  temporal = await startTestTemporal()
})
after(() => temporal.stop())

const POINTS = [
  'partition written, commit not yet',
  'commit written, answer not yet',
  'in training, after a checkpoint',
  'version registered, answer not yet',
  'champion moved, answer not yet',
]

const PROMOTED = { holds: true, rowsIn: 8000, kept: 7920, quarantined: 80, versions: 2, moves: 2 }

let undisturbed: string

test('an undisturbed run promotes the first model', { timeout: 120_000 }, async () => {
  undisturbed = await outcomeOf(undefined)
})

for (const point of POINTS) {
  test(`a worker killed with ${point}: same rows, one promotion, same model`, { timeout: 180_000 }, async () => {
    assert.equal(await outcomeOf(point), undisturbed)
  })
}

test('a worker killed while a run waits for approval: the word of the person still counts', {
  timeout: 180_000,
}, async () => {
  const loop = await startLoop(temporal, { spec: (text) => `${text}approval:\n  required: always\n` })
  try {
    await writeOrders(loop.landing, { month: '2026-01' })
    const workflowId = await loop.start()
    await untilWaiting(workflowId)
    loop.worker.kill()
    await temporal.client.approve(workflowId, { actor: 'ada', reason: 'it is better' })
    assert.equal((await temporal.client.result(workflowId)).outcome, 'promoted')
    assert.deepEqual(await loop.account(), PROMOTED)
    const [, move] = await loop.ports.registry.history(loop.model, 'champion')
    assert.equal(move?.actor, 'ada')
  } finally {
    await loop.stop()
  }
})

/** Runs once, dying at the point given, and gives the digest of the model that was promoted. */
async function outcomeOf(dieAt: string | undefined): Promise<string> {
  const loop = await startLoop(temporal, dieAt === undefined ? {} : { dieAt })
  try {
    await writeOrders(loop.landing, { month: '2026-01' })
    const result = await loop.run({ trigger: 'data', reason: 'January arrived' })
    assert.equal(result.outcome, 'promoted', result.reason)
    assert.deepEqual(await loop.account(), PROMOTED)
    if (dieAt !== undefined) assert.ok(existsSync(join(loop.folder, 'died')), 'the worker was to be killed')
    const { package: pack } = await loop.ports.registry.version(loop.model, 1)
    return pack.files['model.onnx']?.sha256 ?? assert.fail('no model.onnx')
  } finally {
    await loop.stop()
  }
}

async function untilWaiting(workflowId: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if ((await temporal.client.runStatus(workflowId))?.waitingFor != null) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail('the run never waited for approval')
}
