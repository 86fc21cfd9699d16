import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedPositions } from '../../../src/data/labels/answers.js'
import { callsSpec, openSixCalls, selectCalls } from './labels.js'

test('verified answers beat labels that came with the row, and these beat weak ones; the newest counts', async (t) => {
  const spec = callsSpec()
  const calls = await openSixCalls(t, spec)
  await calls.answers(
    'clicks',
    ...['a,2026-01-05 10:00:00,true', 'b,2026-01-05 10:00:00,false', 'c,2026-01-09 10:00:00,false'],
  )
  await calls.answers(
    'checks',
    ...['c,2026-01-06 10:00:00,false', 'd,2026-01-07 10:00:00,true', 'd,2026-01-06 10:00:00,false'],
  )
  await calls.answers(
    'checks',
    ...['c,2026-01-06 10:00:00,true', 'z,2026-01-07 10:00:00,true', 'd,2026-01-08 10:00:00,'],
  )
  const { training, selection } = await selectCalls(calls, spec)
  assert.deepEqual(training, [
    [1, 1, 0.3],
    [2, 1, 1],
    // Two checks of one moment: the one that arrived last.
    [3, 1, 1],
    // The newest check says nothing, so that the one before counts.
    [4, 1, 1],
  ])
  assert.deepEqual(selection.labels, { verified: { known: 3, positive: 3 }, weak: { known: 1, positive: 1 } })
})

test('no answer of a later time, and none that arrived later, is learned from', async (t) => {
  const spec = callsSpec()
  const calls = await openSixCalls(t, spec)
  await calls.answers('checks', 'a,2026-01-10 10:00:00,false')
  const then = await feedPositions(calls.context, spec)
  // The planted leak: what becomes known on 2 March, and would turn the label of a row in January.
  await calls.answers('checks', 'a,2026-03-02 10:00:00,true', 'c,2026-01-11 10:00:00,true')
  const own = [2, 1, 1]
  assert.deepEqual((await selectCalls(calls, spec)).training, [[1, 0, 1], own, [3, 1, 1]])
  assert.deepEqual((await selectCalls(calls, spec, { answers: then })).training, [[1, 0, 1], own])
  assert.deepEqual((await selectCalls(calls, spec, { asOf: '2026-01-10T09:59:59Z' })).training, [own])
})
