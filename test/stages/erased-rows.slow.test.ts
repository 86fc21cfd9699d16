/** A run whose rows are erased, retired or collected under way: on a real store, stage by stage as a worker does it. */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bringInAll } from '../../src/cli/bring-in.js'
import { readConfig } from '../../src/config.js'
import { numberRun, readStage } from '../../src/ledger/run-ledger.js'
import { latestSpec } from '../../src/ledger/spec-revisions.js'
import { datasetSpecs } from '../../src/spec/datasets.js'
import { apply } from '../../src/stages/apply.js'
import { decide } from '../../src/stages/decide.js'
import { sumUpIngest } from '../../src/stages/ingestion.js'
import type { Life, Ports } from '../../src/stages/ports.js'
import { planRun } from '../../src/stages/run-plan.js'
import { type SelectOutput, select } from '../../src/stages/select.js'
import { selectedFile } from '../../src/stages/selected-rows.js'
import { train } from '../../src/stages/train.js'
import { forgetPerson } from '../../src/stages/upkeep/forget-person.js'
import { lineageOf } from '../../src/stages/upkeep/lineage.js'
import { openPorts } from '../../src/wiring.js'
import { AdmitRequest, RetrainInput } from '../../src/workflows/messages.js'
import { answerOrders, withFeed } from '../support/late-labels.js'
import { lateOrdersSpec, writeOrders } from '../support/late-orders.js'
import { ownStore } from '../support/refit.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const MODEL = 'orders'
const FEED = `${MODEL}/labels/inspections`
const LIFE: Life = { signal: new AbortController().signal, attempt: 1, show: () => {} }

/** A store with a month of orders, each answered about by a feed. */
async function answeredOrders(t: TestContext): Promise<Ports> {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'landing'))
  await writeOrders(join(folder, 'landing'), { month: '2026-01', rows: 1000 })
  await answerOrders(join(folder, 'landing', '2026-01.csv'), join(folder, 'labels', '1.csv'))
  const ports = await openPorts(readConfig(ownStore(folder).env))
  const spec = lateOrdersSpec(withFeed(''))
  await apply(ports, { spec, folder }, { id: 'a', actor: 'test' })
  const revision = await latestSpec(ports.storage, MODEL)
  for (const one of datasetSpecs(spec)) await bringInAll(ports, { ...revision, spec: one }, { actor: 'test' })
  return ports
}

/** Plans the next run and takes it up to its selection. */
async function selected(ports: Ports, run: number, input: object = {}): Promise<SelectOutput> {
  const request = AdmitRequest.parse({ id: `request-${run}`, trigger: 'manual', actor: 'test', input })
  assert.equal(await numberRun(ports.storage, MODEL, { request }), run)
  const at = { model: MODEL, run }
  await planRun(ports, { ...at, request: RetrainInput.parse({ model: MODEL, ...input }), workflowId: `run ${run}` })
  await sumUpIngest(ports, at)
  await decide(ports, at, LIFE)
  return select(ports, at)
}

async function forget(ports: Ports, dataset: string, depot: string) {
  const revision = await latestSpec(ports.storage, MODEL)
  const spec = datasetSpecs(revision.spec).find(({ model }) => model === dataset) ?? revision.spec
  const request = { model: MODEL, revision: { ...revision, spec }, person: { depot: [depot] }, inText: false }
  return forgetPerson(ports, { ...request, why: 'request 17', actor: 'ada', isDry: false })
}

test('a run from whose selection rows or answers were erased fails for good, says by what, and can be run again', {
  timeout: 240_000,
}, async (t) => {
  const ports = await answeredOrders(t)
  const { storage } = ports
  const first = await selected(ports, 1, { force: 'full' })
  const needed = await lineageOf(ports, { model: MODEL, dataset: FEED }, '2001-01-01')
  assert.deepEqual(needed.positions, [0, 1], 'garbage collection keeps the answers that version 0 and run 1 know')
  const { selections } = await forget(ports, MODEL, 'north')
  assert.equal(selections, 3)
  const failure = await rejection(train(ports, { model: MODEL, run: 1 }, LIFE), 'RowsErased')
  assert.equal(failure.permanent, true)
  assert.match(
    failure.message,
    /^Cannot go on with run 1 of "orders": rows of its selection were erased on request since, by entry 4 of dataset "orders" at 20\S+Z \(request 17\)\. Select again .* with `refit rerun 1 --from select --model orders`, or start a new run\.$/,
  )

  const again = await selected(ports, 2, { force: 'full', rerun: { run: 1, from: 'select' } })
  assert.equal((await readStage<{ snapshot: number }>(storage, MODEL, 2, 'ingest'))?.snapshot, 1, 'inherited')
  assert.ok(again.trainingRows > 100 && again.trainingRows < first.trainingRows)
  const file = await selectedFile(storage, { model: MODEL, run: 2 }, again.training)
  assert.ok(file.endsWith('.parquet'), 'rows that were selected after the erasure are used')

  // The answers of a person are in the selection too.
  await forget(ports, FEED, 'south')
  const answers = await rejection(selectedFile(storage, { model: MODEL, run: 2 }, again.training), 'RowsErased')
  assert.match(answers.message, /by entry 3 of dataset "orders\/labels\/inspections"/)
  assert.equal(await storage.stat(again.training.uri), undefined)

  const third = await selected(ports, 3, { force: 'full', rerun: { run: 2, from: 'select' } })
  assert.ok(third.trainingRows < again.trainingRows)
  await storage.remove(third.holdout.uri)
  const collected = await rejection(selectedFile(storage, { model: MODEL, run: 3 }, third.holdout), 'NotFound')
  assert.match(
    collected.message,
    /^Cannot go on with run 3 of "orders": .* nothing needed them for long\. Select again /,
  )
})
