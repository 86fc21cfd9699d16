import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { applySpec } from '../../src/ledger/spec-revisions.js'
import { retireRows } from '../../src/stages/upkeep/retire-rows.js'
import { callsSpec, openCalls } from '../data/labels/labels.js'
import { rejection } from '../support/rejection.js'

const FEED = 'calls/labels/checks'

/** Answers of January and March about the calls that are given, a batch each; gives how many rows and answers are retired. */
async function retiredOf(t: TestContext, batches: readonly (readonly string[])[]) {
  const spec = callsSpec({}, { retentionDays: 30, clock: 'lastEvent' })
  const calls = await openCalls(t, spec)
  const { storage } = calls.context
  await applySpec(storage, { spec, folder: '/model' }, { id: 'a', actor: 'test' })
  for (const lines of batches) await calls.rows(...lines)
  await calls.answers('checks', 'a,2026-01-02 10:00:00,true')
  await calls.answers('checks', 'b,2026-03-02 10:00:00,true')
  const ports = { storage, data: calls.context, now: () => new Date(0) }
  const retire = async (dataset: string, isDry: boolean) => {
    const { rows } = await retireRows(ports, { model: 'calls', dataset, actor: 'test', why: 'age', isDry })
    return rows
  }
  const plan = [await retire('calls', true), await retire(FEED, true)]
  const done = [await retire('calls', false), await retire(FEED, false)]
  assert.deepEqual(plan, done, 'what is planned is done, though the rows are gone by then')
  return done
}

test('answers are retired with the rows that they are about, and not before the last of these', async (t) => {
  const [january, march] = ['a,2026-01-01 10:00:00,1,', 'b,2026-03-01 10:00:00,2,']
  assert.deepEqual(await retiredOf(t, [[january], [march]]), [1, 1])
  // One row keeps its partition, the partition its old row, and that row its label.
  assert.deepEqual(await retiredOf(t, [[january, march]]), [0, 0])
})

test('a spec that keeps all rows keeps all answers', async (t) => {
  const spec = callsSpec()
  const calls = await openCalls(t, spec)
  await applySpec(calls.context.storage, { spec, folder: '/model' }, { id: 'a', actor: 'test' })
  const ports = { storage: calls.context.storage, data: calls.context, now: () => new Date() }
  const request = { model: 'calls', dataset: FEED, actor: 'test', why: 'age', isDry: true }
  assert.match((await rejection(retireRows(ports, request), 'InvalidInput')).message, /Name data\.retentionDays/)
})
