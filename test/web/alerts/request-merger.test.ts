import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mergeRequests } from '../../../src/web/alerts/merge-requests.js'
import { createRequestMerger } from '../../../src/web/alerts/request-merger.js'
import { AdmitRequest, type Ruling } from '../../../src/workflows/messages.js'
import { ADMITTED, type AdmitCall } from '../fixtures/dependencies.js'

const wish = (id: string, reason = 'drift'): AdmitRequest =>
  AdmitRequest.parse({ id, trigger: 'alert', reason, actor: 'alertmanager' })

function merger(rule: (call: number) => Promise<Ruling> = async () => ADMITTED) {
  const calls: AdmitCall[] = []
  const merging = createRequestMerger(
    (model, request) => {
      calls.push({ model, request })
      return rule(calls.length)
    },
    { windowMs: 20, rememberMs: 60 },
  )
  return { ...merging, calls }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('five hundred alerts at once are one call, and each caller gets its ruling', async () => {
  const { submit, calls } = merger()
  const rulings = await Promise.all(Array.from({ length: 500 }, (_, index) => submit('flights', wish(`a${index}`))))
  assert.equal(calls.length, 1)
  assert.equal(calls[0]?.request.count, 500)
  assert.equal(calls[0]?.request.reason, 'drift (×500)')
  assert.ok(rulings.every((ruling) => ruling === ADMITTED))
})

test('a storm that lasts has one call under way for a model at a time', async () => {
  let underWay = 0
  let most = 0
  const { submit, calls } = merger(async () => {
    underWay += 1
    most = Math.max(most, underWay)
    await pause(50)
    underWay -= 1
    return ADMITTED
  })
  const submitted: Promise<Ruling>[] = []
  for (let index = 0; index < 500; index += 1) {
    submitted.push(submit('flights', wish(`a${index}`)))
    if (index % 50 === 0) await pause(10)
  }
  await Promise.all(submitted)
  assert.equal(most, 1)
  assert.ok(calls.length <= 6, `${calls.length} calls`)
  assert.equal(
    calls.reduce((sum, { request }) => sum + request.count, 0),
    500,
  )
})

test('models do not wait for each other', async () => {
  const { submit, calls } = merger()
  await Promise.all([submit('flights', wish('a')), submit('churn', wish('a'))])
  assert.deepEqual(calls.map(({ model }) => model).sort(), ['churn', 'flights'])
})

test('an id that was granted lately has the same ruling without a call, also beside new ones', async () => {
  const { submit, calls } = merger()
  await submit('flights', wish('a'))
  await Promise.all([submit('flights', wish('a')), submit('flights', wish('b'))])
  assert.deepEqual(
    calls.map(({ request }) => request.id),
    ['a', 'b'],
  )
  await pause(100)
  await submit('flights', wish('a'))
  assert.equal(calls.length, 3, 'what was long ago is asked again')
})

test('a failure reaches every caller and is tried again with the next message', async () => {
  const { submit, calls } = merger(async (call) => {
    if (call === 1) throw new Error('away')
    return ADMITTED
  })
  const results = await Promise.allSettled([submit('flights', wish('a')), submit('flights', wish('b'))])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(await submit('flights', wish('a')), ADMITTED)
  assert.equal(calls.length, 2)
})

test('a refusal is asked again', async () => {
  const { submit, calls } = merger(async () => ({ kind: 'refused', reason: 'paused' }))
  await submit('flights', wish('a'))
  await submit('flights', wish('a'))
  assert.equal(calls.length, 2)
})

test('the merged id does not depend on the order of arrival', () => {
  const merged = mergeRequests(wish('a'), [wish('b'), wish('c')])
  assert.equal(mergeRequests(wish('c'), [wish('a'), wish('b')]).id, merged.id)
  assert.notEqual(mergeRequests(wish('a'), [wish('b')]).id, merged.id)
})

test('many different reasons are told in part and counted in full', () => {
  const others = Array.from({ length: 14 }, (_, index) => wish(`b${index}`, `reason ${index}`))
  assert.match(mergeRequests(wish('a'), others).reason, /^drift; reason 0; .*; reason 8; and 5 more reasons$/)
})

test('whatever is merged is a wish that the steward accepts, with counts added up', () => {
  const text = (max: number, min = 0) => fc.string({ minLength: min, maxLength: max, unit: 'binary' })
  const request = fc.record({
    id: text(200, 1),
    reason: text(2000),
    actor: text(200),
    count: fc.integer({ min: 1, max: 99 }),
  })
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 30 }), (requests) => {
      const [first, ...others] = requests.map((fields) => AdmitRequest.parse({ ...fields, trigger: 'alert' }))
      if (first === undefined) return
      const merged = AdmitRequest.parse(mergeRequests(first, others))
      assert.equal(
        merged.count,
        requests.reduce((sum, { count }) => sum + count, 0),
      )
    }),
    { numRuns: 20 },
  )
})
