/** The life of a model on a real server, worker and store: what promotes, what refuses, and the ways back. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openSnapshot } from '../../src/data/dataset/snapshot.js'
import { waitingBatches } from '../../src/data/quarantine/quarantine.js'
import { takeRows } from '../../src/data/quarantine/take-rows.js'
import type { RunRecord } from '../../src/decisions/run-record.js'
import { latestSpec } from '../../src/ledger/spec-revisions.js'
import { readRunRecord } from '../../src/stages/run-record.js'
import type { RunResult } from '../../src/workflows/messages.js'
import { payloadSizes } from '../support/history.js'
import { writeOrders } from '../support/late-orders.js'
import { startLoop, type TestLoop } from '../support/loop.js'
import { startTestTemporal, type TestTemporal } from '../support/temporal.js'

let temporal: TestTemporal
/** One model through all tests of this file, in their order. */
let loop: TestLoop

before(async () => {
  temporal = await startTestTemporal()
  // Nobody sits here to be asked, and a few thousand rows prove no margin of 0.01.
  const spec = (text: string) => `${text}  margin: 0.03\napproval:\n  required: never\n`
  loop = await startLoop(temporal, { spec })
})
after(async () => {
  await loop?.stop()
  await temporal?.stop()
})

/** A run that ended, with what it left in the store. */
async function run(fields: object = {}, on: TestLoop = loop): Promise<{ result: RunResult; record: RunRecord }> {
  const result = await on.run(fields)
  if (result.run === null) assert.fail(JSON.stringify(result))
  return { result, record: await readRunRecord(on.ports.storage, { model: on.model, run: result.run }) }
}

const champion = async () => (await loop.ports.registry.alias(loop.model, 'champion'))?.version

test('January: the first model of the rows beats the rule and is promoted', { timeout: 120_000 }, async () => {
  const { good, broken } = await writeOrders(loop.landing, { month: '2026-01' })
  const { result, record } = await run({ trigger: 'data', reason: 'January arrived' })
  assert.equal(result.outcome, 'promoted', result.reason)
  assert.equal(result.version, 1)
  assert.equal(record.decision?.rule, 'firstModel')
  assert.equal(record.ingested?.[0]?.kept, good)
  assert.equal(record.ingested?.[0]?.quarantined, broken)
  assert.ok((record.judgement?.metrics.candidate.auc ?? 0) > (record.judgement?.metrics.baseline.auc ?? 1))
  assert.equal(await champion(), 1)
})

test('a run without a new row retrains nothing and says so', { timeout: 60_000 }, async () => {
  const { result, record } = await run()
  assert.equal(result.outcome, 'notNeeded')
  assert.equal(record.decision?.rule, 'noNewRows')
  assert.equal(record.training, null)
})

test('February: the champion is older than the policy allows, a part of it is trained on both months', {
  timeout: 120_000,
}, async () => {
  await writeOrders(loop.landing, { month: '2026-02' })
  const { result, record } = await run({ trigger: 'data', reason: 'February arrived' })
  assert.equal(record.decision?.rule, 'age', record.decision?.reasons.join(' '))
  assert.equal(record.decision?.verdict, 'partial')
  assert.equal(record.training?.mode, 'warmStart')
  assert.equal(record.training?.parent, 1)
  assert.ok((record.selection?.oldRows ?? 0) > 0, 'old rows are replayed')
  assert.equal(result.outcome, 'promoted', result.reason)
  assert.equal(await champion(), 2)
})

test('a file that nobody can read is bad data: kept in quarantine, and no reason to train', {
  timeout: 60_000,
}, async () => {
  await writeFile(join(loop.landing, '2026-03-01.csv'), Buffer.from([0x50, 0x41, 0x52, 0x31, 0, 0xff, 0xfe, 0, 1]))
  const { result, record } = await run({ trigger: 'data' })
  assert.equal(result.outcome, 'notNeeded')
  assert.equal(record.decision?.rule, 'badData')
  assert.match(result.reason, /2026-03-01\.csv cannot be read/)
  assert.equal(await champion(), 2)
})

test('a batch with more broken rows than the spec allows is bad data', { timeout: 60_000 }, async () => {
  await writeOrders(loop.landing, { month: '2026-03', rows: 3000, name: '2026-03-02', brokenEvery: 5 })
  const { result, record } = await run({ trigger: 'data' })
  assert.equal(result.outcome, 'notNeeded')
  assert.equal(record.decision?.rule, 'badData')
  assert.match(result.reason, /600 of 3,000 rows of batch landing\/2026-03-02\.csv broke a rule: 20 %/)
  assert.equal(record.training, null)
  assert.equal(await champion(), 2)
})

test('a model that a person forces on a day of released rows is refused by the gates', {
  timeout: 60_000,
}, async () => {
  const { storage, data } = loop.ports
  const { commits } = await openSnapshot(data, loop.model)
  const of = waitingBatches(commits).find(({ commit }) => commit.receipt.stopped !== undefined)?.commit.seq ?? 0
  const { spec, revision } = await latestSpec(storage, loop.model)
  const request = { spec, specRevision: revision, of, actor: 'ada', why: 'the broken rows are known' }
  assert.equal((await takeRows(data, { ...request, verb: 'release' })).kind, 'taken')
  const { result, record } = await run({ input: { force: 'full', trainFrom: '2026-03-22T12:00:00' } })
  assert.equal(record.decision?.rule, 'asked')
  assert.equal(result.outcome, 'rejected', result.reason)
  assert.equal(record.judgement?.verdict, 'fail')
  assert.match(result.reason, /^fail: .*G3/)
  assert.equal(await champion(), 2)
})

test('a rollback goes through the steward, once for one request', { timeout: 60_000 }, async () => {
  const request = { id: randomUUID(), actor: 'ada', reason: 'complaints from the north' }
  assert.deepEqual(await temporal.client.rollback(loop.model, request), { version: 1 })
  assert.deepEqual(await temporal.client.rollback(loop.model, request), { version: 1 })
  const moves = await loop.ports.registry.history(loop.model, 'champion')
  const { actor, reason, previous, version } = moves.at(-1) ?? assert.fail('no move')
  assert.deepEqual(
    { actor, reason, previous, version },
    { actor: request.actor, reason: request.reason, previous: 2, version: 1 },
  )
  assert.equal(moves.length, 4)
})

test('a rerun from evaluate examines the model of the earlier run again', { timeout: 60_000 }, async () => {
  const earlier = await readRunRecord(loop.ports.storage, { model: loop.model, run: 3 })
  const { result, record } = await run({ input: { rerun: { run: 3, from: 'evaluate' } } })
  assert.deepEqual(record.selection, earlier.selection)
  assert.deepEqual(record.training, earlier.training)
  // Version 1 is champion again: the candidate is held against that one.
  assert.equal(record.judgement?.champion.version, 1)
  assert.equal(result.outcome, 'promoted', result.reason)
  assert.equal(await champion(), result.version)
})

test('a rerun from train makes the same model of the same rows', { timeout: 60_000 }, async () => {
  const earlier = await readRunRecord(loop.ports.storage, { model: loop.model, run: 1 })
  const { record } = await run({ input: { rerun: { run: 1, from: 'train' } } })
  assert.deepEqual(record.selection, earlier.selection)
  assert.deepEqual(record.training?.files, earlier.training?.files)
  assert.deepEqual(record.decision, earlier.decision)
})

test('all rows are accounted for, and what travelled through history is small', { timeout: 60_000 }, async () => {
  const { holds, rowsIn, kept, quarantined } = await loop.account()
  assert.deepEqual({ holds, rowsIn }, { holds: true, rowsIn: 8000 + 8000 + 3000 })
  assert.deepEqual({ kept, quarantined }, { kept: 7920 + 7920 + 2400, quarantined: 80 + 80 + 600 })
  const runs = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `refit/${loop.model}/run/${number}`)
  const workflows = [...runs, `refit/${loop.model}/steward`]
  const sizes = (await Promise.all(workflows.map((id) => payloadSizes(temporal.temporal, id)))).flat()
  assert.ok(sizes.length > 100, `payloads were measured: ${sizes.length}`)
  assert.deepEqual(
    sizes.filter(({ bytes }) => bytes > 64 * 1024),
    [],
  )
})

test('a run as of a past day decides and trains on the data of that day, and leaves the rest for the next', {
  timeout: 120_000,
}, async () => {
  await loop.stop()
  const other = await startLoop(temporal, { spec: (text) => `${text}  margin: 0.03\napproval:\n  required: never\n` })
  try {
    await writeOrders(other.landing, { month: '2026-01' })
    await writeOrders(other.landing, { month: '2026-02' })
    const past = await run({ input: { asOf: '2026-01-31T00:00:00' } }, other)
    assert.equal(past.record.evidence?.asOf, '2026-01-31T00:00:00.000Z')
    assert.equal(past.record.evidence?.liveRows, 7920)
    assert.ok((past.record.selection?.to ?? '') < '2026-01-27', `trained to ${past.record.selection?.to}`)
    assert.equal(past.result.outcome, 'promoted', past.result.reason)
    const present = await run({ input: { trainFrom: '2026-02-01T00:00:00' } }, other)
    // Batches commit in any order: what was committed after February is looked at once more.
    assert.ok((present.record.evidence?.liveRows ?? 0) >= 7920, 'February is new to the next decision')
    assert.ok((present.record.evidence?.liveTo ?? '') > '2026-02-28')
    assert.equal(present.record.decision?.rule, 'age', present.record.decision?.reasons.join(' '))
    assert.ok((present.record.selection?.from ?? '') >= '2026-02-01', 'a person limits what the rules train on')
  } finally {
    await other.stop()
  }
})
