/** Labels that come later than their rows, on a real server, worker and store: a run asks, waits, and learns from what came. */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { readRunRecord } from '../../src/stages/run-record.js'
import { answerOrders, withFeed } from '../support/late-labels.js'
import { writeOrders } from '../support/late-orders.js'
import { startLoop, type TestLoop } from '../support/loop.js'
import { refit, refitJson } from '../support/refit.js'
import { startTestTemporal, type TestTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

let temporal: TestTemporal

before(async () => {
  temporal = await startTestTemporal()
})
after(async () => {
  await temporal?.stop()
})

async function startWithFeed(request: string): Promise<TestLoop> {
  const feed = withFeed(`  labelRequest: ${request}\n`)
  const spec = (text: string) => `${feed(text)}  margin: 0.03\napproval:\n  required: never\n`
  const loop = await startLoop(temporal, { spec })
  await mkdir(join(loop.folder, 'labels'))
  return loop
}

test('a run asks about rows without a label, waits for the answers, and trains on them', {
  timeout: 240_000,
}, async () => {
  const loop = await startWithFeed('{ rows: 40, waitDays: 0.001 }')
  try {
    const { good } = await writeOrders(loop.landing, { month: '2026-01' })
    const id = await loop.start({ trigger: 'data' })
    const waiting = await until('a run that waits', async () => {
      const status = await temporal.client.runStatus(id)
      return status?.waitingFor?.startsWith('answers about') === true && status.waitingFor
    })
    assert.match(waiting, /^answers about 40 rows: 0 came, the others until 20.*`refit labels export 1 --model orders-/)
    const Asked = z.object({
      requests: z.array(z.object({ askedBy: z.string(), isOpen: z.boolean(), missing: z.number() })),
    })
    const here = { folder: loop.folder, env: loop.env }
    const { requests } = await refitJson(['labels', 'status', loop.model], here, Asked)
    assert.deepEqual(requests, [{ askedBy: 'run 1', isOpen: true, missing: 40 }])

    // Whoever inspects looks at all orders, those asked about among them.
    const answers = await answerOrders(join(loop.landing, '2026-01.csv'), join(loop.folder, 'labels', '1.csv'))
    assert.equal(answers, good)
    const result = await temporal.client.result(id)
    const record = await readRunRecord(loop.ports.storage, { model: loop.model, run: 1 })
    assert.equal(record.decision?.rule, 'firstModel', record.decision?.reasons.join(' '))
    assert.ok((record.evidence?.newLabelledRows ?? 0) > good * 0.95)
    assert.equal(result.outcome, 'promoted', result.reason)
    assert.match(
      record.stages.find(({ stage }) => stage === 'ingest')?.text ?? '',
      /; answers of inspections: 1 batch, /,
    )
    const proof = await refit(['ingest', loop.model, '--verify'], here)
    assert.equal(proof.exitCode, 0, proof.stdout)
    assert.match(
      proof.stdout,
      new RegExp(`^"${loop.model}/labels/inspections": 1 batch .*Every row is accounted for\\.$`, 'm'),
    )
  } finally {
    await loop.stop()
  }
})

test('a run whose answers do not come goes on when the time is over', { timeout: 120_000 }, async () => {
  const loop = await startWithFeed('{ rows: 10, waitDays: 0.00004 }')
  try {
    await writeOrders(loop.landing, { month: '2026-01', rows: 1500 })
    const result = await loop.run({ trigger: 'data' })
    assert.equal(result.outcome, 'notNeeded', result.reason)
    const { evidence, decision } = await readRunRecord(loop.ports.storage, { model: loop.model, run: 1 })
    assert.equal(decision?.rule, 'nothingNotable')
    assert.equal(evidence?.newLabelledRows, 0)
    // What comes later is news, though no row has arrived since.
    const late = await answerOrders(join(loop.landing, '2026-01.csv'), join(loop.folder, 'labels', '1.csv'))
    await loop.run({ trigger: 'data', input: { force: 'none' } })
    const second = await readRunRecord(loop.ports.storage, { model: loop.model, run: 2 })
    assert.equal(second.evidence?.liveRows, 0)
    assert.ok(Math.abs((second.evidence?.answeredRows ?? 0) - late) < 60, `${second.evidence?.answeredRows} of ${late}`)
  } finally {
    await loop.stop()
  }
})
