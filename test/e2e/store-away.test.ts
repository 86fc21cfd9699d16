/** The store is down while a run brings in what arrived: the run waits where everybody can see it, and nothing differs after. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { bringInAll } from '../../src/cli/bring-in.js'
import { readConfig } from '../../src/config.js'
import { latestSpec } from '../../src/ledger/spec-revisions.js'
import { apply } from '../../src/stages/apply.js'
import { openPorts } from '../../src/wiring.js'
import { datasetDigest } from '../support/dataset-digest.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { lateOrdersSpec, writeOrders } from '../support/late-orders.js'
import { startLoop, type TestLoop } from '../support/loop.js'
import { startMinistack } from '../support/ministack.js'
import { refit, refitJson } from '../support/refit.js'
import { startTestTemporal, type TestTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

const BATCHES = 5
const ROWS = 1600

const ministack = await startMinistack()
const skip = ministack.kind === 'missing' ? `NOT TESTED: ${ministack.reason}` : false
after(() => (ministack.kind === 'running' ? ministack.stop() : undefined))

let temporal: TestTemporal
before(async () => {
  temporal = await startTestTemporal()
})
after(() => temporal.stop())

const Status = z.object({
  store: z.string(),
  models: z.array(
    z.object({
      run: z.object({
        stage: z.string(),
        progress: z.string(),
        failing: z.object({ work: z.string(), count: z.number(), since: z.string(), code: z.string() }),
      }),
    }),
  ),
})
const Metadata = z.object({ currentDetails: z.string() })

test('a store that is down for the whole collection: seen by all, and the same dataset in the end', {
  timeout: 180_000,
  skip,
}, async () => {
  if (ministack.kind === 'missing') return
  const { endpoint } = ministack
  Object.assign(process.env, { ...S3_USER, AWS_ENDPOINT_URL: endpoint })
  const proxy = await startFaultProxy({ target: endpoint })
  const loop = await startLoop(temporal, {
    more: {
      ...S3_USER,
      AWS_ENDPOINT_URL: proxy.endpoint,
      REFIT_STORE: `s3://${await ministack.newBucket()}/refit`,
      REFIT_CACHE: join(temporal.folder, 'cache'),
    },
  })
  try {
    for (let batch = 0; batch < BATCHES; batch++) {
      await writeOrders(loop.landing, { month: '2026-01', name: `batch-${batch}`, rows: ROWS, seed: batch })
    }
    let isDown = false
    proxy.use(({ method, path }) => {
      // The first thing that is written of the dataset: nothing has come in before it.
      isDown ||= method !== 'GET' && path.includes(`/datasets/${loop.model}/`)
      return isDown ? 'slowDown' : undefined
    })
    const workflowId = await loop.start({ trigger: 'data' })
    const startedAt = new Date().toISOString()
    await seenWaiting(loop, workflowId, startedAt)
    proxy.use()

    const result = await temporal.client.result(workflowId)
    assert.equal(result.outcome, 'promoted', result.reason)
    const rows = { rowsIn: BATCHES * ROWS, kept: BATCHES * ROWS * 0.99, quarantined: BATCHES * ROWS * 0.01 }
    assert.deepEqual(await loop.account(), { holds: true, ...rows, versions: 2, moves: 2 })
    assert.equal(await datasetDigest(loop.ports, loop.model), await undisturbedDigest(loop))
  } finally {
    await loop.stop()
    await proxy.stop()
  }
})

const S3_USER = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' }

/** The client, the command line and the run's page in the Temporal UI say what waits, how much and since when. */
async function seenWaiting(loop: TestLoop, workflowId: string, startedAt: string): Promise<void> {
  const status = await until('the run to wait with all batches', async () => {
    const found = await temporal.client.runStatus(workflowId)
    return found?.failing?.count === BATCHES ? found : undefined
  })
  assert.equal(status.stage, 'ingest')
  assert.equal(status.progress, `0 of ${BATCHES} batches done`)
  const { since, ...failing } = status.failing ?? assert.fail('the run fails at something')
  assert.ok(since >= startedAt && since <= new Date().toISOString(), `since ${since}`)
  const reason = /^Cannot \w+ ".+" in store s3:.+: it asks to slow down \(SlowDown\)\. Try again later\.$/
  assert.match(failing.reason, reason)
  assert.deepEqual(
    { ...failing, reason: '' },
    { work: 'ingestBatch', count: BATCHES, code: 'StoreUnavailable', reason: '' },
  )

  const [told, json, details] = await Promise.all([
    refit(['status'], loop),
    refitJson(['status'], loop, Status, 1),
    temporal.temporal.workflow.getHandle(workflowId).query('__temporal_workflow_metadata'),
  ])
  assert.match(told.stdout, /^The store: Cannot .+: it asks to slow down/)
  const time = '20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC'
  assert.match(told.stdout, new RegExp(`^Run 1 of "${loop.model}", ingest since ${time}: 0 of 5 batches done$`, 'm'))
  const waiting = `^  waiting for the store since ${time}, with 5 batches to bring in; it is tried again by itself\\. Cannot`
  assert.match(told.stdout, new RegExp(waiting, 'm'))
  assert.match(json.store, /it asks to slow down/)
  const { run } = json.models[0] ?? assert.fail('the run is shown')
  // Later attempts do not make it younger.
  assert.deepEqual(run.failing, { work: 'ingestBatch', count: BATCHES, since, code: 'StoreUnavailable' })
  const page = Metadata.parse(details).currentDetails
  assert.match(page, /\| ▶ \| ingest \| 5 batches, \d\.\d MB arrived \|/)
  assert.match(
    page,
    /In stage ingest since 20.+Z: 0 of 5 batches done\. If it stays there, the pending activities say why\./,
  )
}

/** What the same files become in a store that nobody disturbs, without Temporal. */
async function undisturbedDigest({ folder, model }: TestLoop): Promise<string> {
  const place = { REFIT_STORE: `file:${join(folder, 'other')}`, REFIT_SCRATCH: join(folder, 'scratch') }
  const ports = await openPorts(readConfig(place))
  const spec = lateOrdersSpec((text) => text.replace('model: orders', `model: ${model}`))
  await apply(ports, { spec, folder }, { id: randomUUID(), actor: 'test' })
  const { commits } = await bringInAll(ports, await latestSpec(ports.storage, model), { actor: 'test' })
  assert.equal(commits.length, BATCHES)
  return datasetDigest(ports, model)
}
