import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultPayloadConverter } from '@temporalio/common'
import { failingText, failingWork } from '../../src/client/pending-work.js'

/** An activity as the server describes it; with a code, it failed. */
function pending(name: string, { code, since }: { readonly code?: string; readonly since?: unknown } = {}) {
  const failure = { message: `Cannot do ${name}.`, applicationFailureInfo: { type: code ?? null } }
  return {
    activityType: { name },
    ...(code === undefined ? {} : { lastFailure: failure }),
    ...(since === undefined ? {} : { heartbeatDetails: { payloads: [defaultPayloadConverter.toPayload(since)] } }),
    lastStartedTime: { seconds: 1_795_000_000 },
  }
}
const family = (...pendingActivities: ReturnType<typeof pending>[]) => [{ raw: { pendingActivities } }]

const AT_TEN = { failingSince: '2026-11-24T10:00:00.000Z' }
const AT_NINE = { failingSince: '2026-11-24T09:00:00.000Z', progress: 'copying' }

test('nothing fails while activities only wait or run', () => {
  assert.equal(failingWork([]), undefined)
  assert.equal(
    failingWork(family(pending('ingestBatch'), pending('ingestBatch', { since: { progress: 'x' } }))),
    undefined,
  )
})

test('what failed first is told, with all of its kind, also of a child', () => {
  const found = failingWork([
    ...family(pending('ingestBatch', { code: 'StoreUnavailable', since: AT_TEN })),
    ...family(
      pending('ingestBatch', { code: 'StoreUnavailable', since: AT_NINE }),
      pending('ingestBatch'),
      pending('report'),
    ),
  ])
  assert.deepEqual(found, {
    work: 'ingestBatch',
    count: 3,
    since: '2026-11-24T09:00:00.000Z',
    code: 'StoreUnavailable',
    reason: 'Cannot do ingestBatch.',
  })
})

test('without a word in the heartbeat the last attempt must do', () => {
  for (const since of [undefined, 'copying', { failingSince: 7 }, null]) {
    const found = failingWork(family(pending('decide', { code: 'SourceUnavailable', since })))
    assert.equal(found?.since, '2026-11-18T11:06:40.000Z')
  }
})

test('the sentence says for whom, since when and with how much', () => {
  const failing = { work: 'ingestBatch', count: 1, since: 'NOON', code: 'StoreUnavailable', reason: 'Cannot reach it.' }
  const check = (change: object, expected: string) => assert.equal(failingText({ ...failing, ...change }), expected)
  check({}, 'the store since NOON, with 1 batch to bring in; it is tried again by itself. Cannot reach it.')
  check({ count: 5 }, 'the store since NOON, with 5 batches to bring in; it is tried again by itself. Cannot reach it.')
  check(
    { code: 'SourceUnavailable', work: 'collect' },
    'the source since NOON, in collect; it is tried again by itself. Cannot reach it.',
  )
  check(
    { code: null, work: 'report' },
    'work that failed since NOON, in report; it is tried again by itself. Cannot reach it.',
  )
})
