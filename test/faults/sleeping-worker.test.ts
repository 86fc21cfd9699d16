/** A worker falls asleep for longer than its heartbeat allows, and wakes when another has done its work: its write is lost. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startWorkerProcess } from '../../src/cli/stack/worker-process.js'
import { writeOrders } from '../support/late-orders.js'
import { startLoop } from '../support/loop.js'
import { startTestTemporal, type TestTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

let temporal: TestTemporal
before(async () => {
  temporal = await startTestTemporal()
})
after(() => temporal.stop())

test('a worker that slept before its commit: what it writes after its turn changes nothing', {
  timeout: 180_000,
}, async () => {
  const loop = await startLoop(temporal, { dieAt: 'partition written, commit not yet', by: 'SIGSTOP' })
  const sleeper = loop.worker.pid() ?? assert.fail('the worker runs')
  let second: Awaited<ReturnType<typeof startWorkerProcess>> | undefined
  try {
    await writeOrders(loop.landing, { month: '2026-01' })
    const workflowId = await loop.start({ trigger: 'data' })
    await until('the worker to fall asleep', async () => existsSync(join(loop.folder, 'died')))
    second = await startWorkerProcess({
      env: loop.env,
      folder: loop.folder,
      logFile: join(loop.folder, 'second.log'),
    })
    const result = await temporal.client.result(workflowId)
    assert.equal(result.outcome, 'promoted', result.reason)
    const before = await loop.account()
    assert.deepEqual(before, { holds: true, rowsIn: 8000, kept: 7920, quarantined: 80, versions: 2, moves: 2 })

    process.kill(sleeper, 'SIGCONT')
    const woke = join(loop.folder, 'died-woke')
    const isFirst = await until('the sleeper to write', () => readFile(woke, 'utf8').catch(() => undefined))
    assert.equal(isFirst, 'false')
    assert.deepEqual(await loop.account(), before)
  } finally {
    process.kill(sleeper, 'SIGCONT')
    await second?.stop()
    await loop.stop()
  }
})
