/** Much arrives at once, or cannot be read: the process on a real server, with computing stubbed. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { PAGE } from '../../src/stages/ingestion.js'
import { createLocalStorage } from '../../src/storage/local.js'
import type { Storage } from '../../src/storage/storage.js'
import { AdmitRequest } from '../../src/workflows/messages.js'
import { chainOfHistories } from '../support/history.js'
import { applySmallModel } from '../support/small-model.js'
import { type StubAnswers, straightToPromotion, stubActivities } from '../support/stub-activities.js'
import { startTestTemporal, type TestTemporal, withWorker } from '../support/temporal.js'

let temporal: TestTemporal
let storage: Storage

before(async () => {
  temporal = await startTestTemporal()
  storage = await createLocalStorage(join(temporal.folder, 'store'))
})
after(() => temporal.stop())

/** A run of a model with these answers, to its promotion. */
async function promote(
  model: string,
  answers: Partial<StubAnswers>,
  body: (workflowId: string, answers: StubAnswers) => Promise<void>,
): Promise<void> {
  await applySmallModel(storage, model)
  const complete = { ...straightToPromotion(), ...answers }
  await withWorker(temporal.address, stubActivities(storage, complete), async () => {
    const ruling = await temporal.client.admit(model, AdmitRequest.parse({ id: randomUUID(), actor: 'test' }))
    if (ruling.kind !== 'admitted') assert.fail(JSON.stringify(ruling))
    assert.equal((await temporal.client.result(ruling.workflowId)).outcome, 'promoted')
    await body(ruling.workflowId, complete)
  })
}

test('more batches than a page come in by a child workflow, each once, and poison holds up none', async () => {
  const arrived = ['1.csv', '2.csv', '3.csv', '4.csv', '5.csv']
  await promote('many-batches', { arrived, poison: ['2.csv'], page: 2 }, async (workflowId, { calls }) => {
    const totals = await temporal.temporal.workflow.result(`${workflowId}/ingest`)
    assert.deepEqual(totals, { batches: 5, failed: ['2.csv'] })
    assert.equal(calls.filter((name) => name === 'ingestBatch').length, 4)
    assert.ok(calls.includes('sumUpIngest, left 2.csv'))
  })
})

test('a batch that failed for good is named to who sums up, also on the only page', async () => {
  await promote('few-batches', { arrived: ['1.csv', '2.csv'], poison: ['1.csv'] }, async (_, { calls }) => {
    assert.ok(calls.includes('sumUpIngest, left 1.csv'))
  })
})

test('however much arrives, no history has 2,000 events, and no 500 activities wait at once', async () => {
  const page = 50
  const arrived = Array.from({ length: 2 * page + 1 }, (_, i) => `${i}.csv`)
  await promote('much', { arrived, page }, async (workflowId) => {
    const chain = await chainOfHistories(temporal.temporal, `${workflowId}/ingest`)
    const lengths = chain.map(({ events }) => events?.length ?? 0)
    assert.equal(lengths.length, 3)
    // Scheduled, started and completed, each for the activity and for the task that hears of it: what one page has at most.
    for (const length of lengths) assert.ok(length <= 6 * (page + 1) + 10, `${length} events`)
    const perBatch = (Math.max(...lengths) - Math.min(...lengths)) / (page - 1)
    assert.ok(perBatch * PAGE + Math.min(...lengths) < 2_000, `${perBatch} events a batch`)
    assert.ok(PAGE < 500)
  })
})
