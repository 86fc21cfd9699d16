/** More of what a label as of a time is, and the account of the answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { accountForAnswers } from '../../../src/data/labels/answer-account.js'
import { feedPositions } from '../../../src/data/labels/answers.js'
import { callsSpec, openSixCalls, selectCalls } from './labels.js'

const { checks, clicks } = callsSpec().data.labels ?? {}

test('the holdout has verified labels only, unless a weak feed may examine', async (t) => {
  for (const mayExamine of [false, true]) {
    const spec = callsSpec({ clicks: { ...clicks, weight: 0.5, mayExamine } })
    const calls = await openSixCalls(t, spec)
    await calls.answers('clicks', 'a,2026-01-05 10:00:00,true', 'e,2026-02-28 12:00:00,true')
    await calls.answers('checks', 'f,2026-02-28 12:00:00,false')
    const { training, holdout } = await selectCalls(calls, spec)
    assert.deepEqual(training[0], [1, 1, 0.5])
    const checked = [6, 0]
    assert.deepEqual(holdout, mayExamine ? [[5, 1], checked] : [checked])
  }
})

test('what became of each answer is counted: joined, before its event, too late, without an event', async (t) => {
  const spec = callsSpec({ checks: { ...checks, withinDays: 30 } })
  const calls = await openSixCalls(t, spec)
  await calls.answers(
    'checks',
    ...['a,2026-01-05 10:00:00,true', 'b,2026-01-01 10:00:00,false', 'c,2026-02-20 10:00:00,true'],
    ...['z,2026-01-05 10:00:00,true', 'd,2026-01-05 10:00:00,', 'e,2026-03-02 10:00:00,true'],
  )
  const { context } = calls
  const accounts = await accountForAnswers(context, {
    ...{ spec, asOf: '2026-03-01T00:00:00Z', snapshot: await openSnapshot(context, 'calls') },
    answers: await feedPositions(context, spec),
  })
  assert.deepEqual(accounts.get('checks'), {
    ...{ kept: 6, joined: 1, beforeEvent: 1, tooLate: 1, noEvent: 1, saysNothing: 1, notYet: 1 },
  })
  assert.equal(accounts.get('clicks')?.kept, 0)
  assert.deepEqual((await selectCalls(calls, spec)).training, [
    [1, 1, 1],
    [2, 1, 1],
  ])
})

test('an answer of which only the day is known counts when the day is over', async (t) => {
  const columns = { call: { type: 'string' }, answered: { type: 'date' }, says: { type: 'boolean' } }
  const spec = callsSpec({ checks: { ...checks, columns } })
  const calls = await openSixCalls(t, spec)
  await calls.answers('checks', 'a,2026-01-01,true')
  const sameDay = { asOf: '2026-01-01T23:00:00Z', holdoutDays: 0 }
  assert.deepEqual((await selectCalls(calls, spec, sameDay)).training, [])
  assert.deepEqual((await selectCalls(calls, spec)).training[0], [1, 1, 1])
})

test('a row younger than the delay is not learned from, though it has an answer', async (t) => {
  const spec = callsSpec({}, { label: { delayDays: 57 } })
  const calls = await openSixCalls(t, spec)
  await calls.answers('checks', 'a,2026-01-05 10:00:00,true', 'd,2026-01-05 10:00:00,true')
  assert.deepEqual((await selectCalls(calls, spec, { holdoutDays: 0 })).training, [[1, 1, 1]])
})

test('the same request gives the same objects, whatever the feeds joined', async (t) => {
  const spec = callsSpec()
  const calls = await openSixCalls(t, spec)
  await calls.answers('clicks', 'a,2026-01-05 10:00:00,true')
  const once = await selectCalls(calls, spec)
  assert.deepEqual((await selectCalls(calls, spec)).selection, once.selection)
})
