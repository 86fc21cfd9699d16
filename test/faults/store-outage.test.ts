/** The store goes away in the middle of an ingestion and comes back: the run waits, and nothing is lost. */
import assert from 'node:assert/strict'
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeOrders } from '../support/late-orders.js'
import { startLoop } from '../support/loop.js'
import { refit } from '../support/refit.js'
import { startTestTemporal, type TestTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

let temporal: TestTemporal
before(async () => {
  temporal = await startTestTemporal()
})
after(() => temporal.stop())

const BATCHES = 20
const ROWS = 400

test('a store that is gone for some seconds during ingestion', { timeout: 180_000 }, async () => {
  const loop = await startLoop(temporal)
  const store = join(loop.folder, 'store')
  const away = join(loop.folder, 'store-away')
  const commits = async (folder: string) =>
    (await readdir(join(folder, 'datasets', loop.model, 'log')).catch(() => [])).filter((name) =>
      /^\d+\.json$/.test(name),
    ).length
  try {
    for (let batch = 0; batch < BATCHES; batch++) {
      await writeOrders(loop.landing, { month: '2026-01', name: `batch-${batch}`, rows: ROWS, seed: batch })
    }
    const workflowId = await loop.start()
    await until('the first commit', async () => (await commits(store)) > 0)
    await rename(store, away)
    const committed = await commits(away)
    assert.ok(committed < BATCHES, `the outage was to come before the end of the ingestion: ${committed} commits`)

    const message = await until('an activity that cannot reach the store', () => failureIn(workflowId))
    assert.match(message, /^Cannot .+Mount the volume or put the folder back\.$/)
    assert.equal(await temporal.client.isOpen(workflowId), true)
    const seen = await until('the status to say so', async () => {
      const status = await temporal.client.runStatus(workflowId)
      return status?.waitingFor == null ? undefined : status
    })
    assert.equal(seen.stage, 'ingest')
    assert.match(
      seen.waitingFor ?? '',
      /^the store since 20.+Z, with \d+ batch(es)? to bring in; it is tried again by itself\. Cannot /,
    )
    assert.match(seen.facts.at(-1)?.text ?? '', new RegExp(`^${BATCHES} batches, \\d+\\.\\d MB arrived$`))
    const told = await refit(['status', loop.model], { folder: loop.folder, env: loop.env })
    assert.match(told.stdout, /^The store: Cannot open the store in .+: nothing is there/m)
    assert.match(told.stdout, new RegExp(`^Run 1 of .+, ingest since .+ UTC: \\d+ of ${BATCHES} batches done$`, 'm'))
    assert.match(told.stdout, /^ {2}waiting for the store since 20.+ UTC, with \d+ batch(es)? to bring in; /m)
    // A store that comes into being by itself at the place of the real one would take rows that nobody finds again.
    assert.deepEqual(
      (await readdir(loop.folder)).filter((name) => name.startsWith('store')),
      ['store-away'],
    )
    await rename(away, store)

    const result = await temporal.client.result(workflowId)
    assert.equal(result.outcome, 'promoted', result.reason)
    assert.deepEqual(await loop.account(), {
      holds: true,
      rowsIn: BATCHES * ROWS,
      kept: BATCHES * ROWS * 0.99,
      quarantined: BATCHES * ROWS * 0.01,
      versions: 2,
      moves: 2,
    })
    assert.equal(await commits(store), BATCHES)
  } finally {
    await loop.stop()
  }
})

/** The message of the last failure of an activity that is being retried. */
async function failureIn(workflowId: string): Promise<string | null | undefined> {
  const { raw } = await temporal.temporal.workflow.getHandle(workflowId).describe()
  return raw.pendingActivities?.find(({ lastFailure }) => lastFailure?.message != null)?.lastFailure?.message
}
