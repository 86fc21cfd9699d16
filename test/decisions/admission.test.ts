import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AdmissionRequest, type AdmissionState, ruleOnAdmission } from '../../src/decisions/index.js'

const NOW = Date.parse('2001-05-01T12:00:00Z')
const MINUTE = 60_000
const LIMITS = { cooldownMinutes: 60, runsPerDay: 3 }
const IDLE: AdmissionState = { paused: false, running: null, lastEndedAtMs: null, startsMs: [] }
const RUNNING = { ...IDLE, running: { run: 7, workflowId: 'refit/flights/run/7' } }
/** Ends at 12:39:30: what people read is rounded up to the minute. */
const COOLING = { ...IDLE, lastEndedAtMs: NOW - 20.5 * MINUTE }
const SPENT = { ...IDLE, startsMs: [1, 2, 3].map((hours) => NOW - hours * 60 * MINUTE) }
const alert = { id: 'a', trigger: 'alert', count: 1 }
const person = { id: 'p', trigger: 'manual', count: 1 }
const own = { id: 'o', trigger: 'manual', count: 1, workflowId: 'my-run' }

/** Asserts kind and reason of each ruling, in the order of the requests. */
function check(
  title: string,
  state: AdmissionState,
  requests: readonly AdmissionRequest[],
  expected: readonly string[],
) {
  test(`admission: ${title}`, () => {
    const rulings = ruleOnAdmission(state, requests, LIMITS, NOW)
    assert.deepEqual(
      rulings.map((ruling) => (ruling.kind === 'start' ? 'start' : `${ruling.kind}: ${ruling.reason}`)),
      expected,
    )
    assert.deepEqual(
      rulings.map(({ id }) => id),
      requests.map(({ id }) => id),
    )
  })
}

const PAUSED = 'refused: The model is paused. Resume it with `refit resume`, then ask again.'
const MERGED = 'The request is merged into one follow-up run.'
const LATER = 'A workflow that was started by hand cannot be kept for later: start it again then.'
const BUDGET = 'refused: 3 of 3 runs within 24 hours are used up. The next is free at 2001-05-02 09:00 UTC.'

check('an idle steward starts', IDLE, [alert], ['start'])
check(
  'the second of two waits',
  IDLE,
  [alert, { ...alert, id: 'b' }],
  ['start', `queued: Another request starts a run just now. ${MERGED}`],
)
check(
  'a person goes first',
  IDLE,
  [alert, person],
  [`queued: Another request starts a run just now. ${MERGED}`, 'start'],
)
check(
  'who cannot wait goes first',
  IDLE,
  [person, own],
  [`queued: Another request starts a run just now. ${MERGED}`, 'start'],
)
check(
  'of two that cannot wait one is refused',
  IDLE,
  [own, { ...own, id: 'q', workflowId: 'other' }],
  ['start', `refused: Another request starts a run just now. ${LATER}`],
)
check(
  'five hundred alerts during a run',
  RUNNING,
  [{ ...alert, count: 500 }],
  ['queued: Run 7 is open. The 500 requests are merged into one follow-up run.'],
)
check(
  'a person during a run',
  RUNNING,
  [person, own],
  [`queued: Run 7 is open. ${MERGED}`, `refused: Run 7 is open. ${LATER}`],
)
check(
  'the open run asks again',
  RUNNING,
  [{ ...own, workflowId: 'refit/flights/run/7' }, alert],
  ['start', `queued: Run 7 is open. ${MERGED}`],
)
check(
  'an alert in the cooldown',
  COOLING,
  [alert],
  [`queued: The cooldown lasts until 2001-05-01 12:40 UTC. ${MERGED}`],
)
check(
  'a person in the cooldown',
  COOLING,
  [alert, person],
  [`queued: Another request starts a run just now. ${MERGED}`, 'start'],
)
check('the end of the cooldown', { ...IDLE, lastEndedAtMs: NOW - 60 * MINUTE }, [alert], ['start'])
check('paused', { ...COOLING, paused: true }, [alert, person, own], [PAUSED, PAUSED, PAUSED])
check('the budget is used up', SPENT, [alert, person], [BUDGET, BUDGET])
check(
  'starts of yesterday do not count',
  { ...SPENT, startsMs: [NOW - 1, NOW - 2, NOW - 24 * 60 * MINUTE] },
  [alert],
  ['start'],
)

test('what is queued says when it may be asked for again', () => {
  const notBefore = (state: AdmissionState) => {
    const [ruling] = ruleOnAdmission(state, [alert], LIMITS, NOW)
    return ruling?.kind === 'queued' ? ruling.notBeforeMs - NOW : undefined
  }
  assert.equal(notBefore(COOLING), 39.5 * MINUTE)
  assert.equal(notBefore(RUNNING), 0)
})

test('at most one request starts, and none that must not', () => {
  const anyRequest = fc.record({
    id: fc.uuid(),
    trigger: fc.constantFrom('manual', 'alert', 'schedule'),
    count: fc.integer({ min: 1, max: 9 }),
    workflowId: fc.constantFrom(undefined, 'mine', 'yours'),
  })
  const anyState = fc.record({
    paused: fc.boolean(),
    running: fc.constantFrom(null, { run: 7, workflowId: 'other' }),
    lastEndedAtMs: fc.constantFrom(null, NOW - 59 * MINUTE, NOW - 61 * MINUTE),
    startsMs: fc.array(fc.constantFrom(NOW - MINUTE, NOW - 25 * 60 * MINUTE), { maxLength: 5 }),
  })
  fc.assert(
    fc.property(anyState, fc.array(anyRequest), (state, requests) => {
      const rulings = ruleOnAdmission(state, requests, LIMITS, NOW)
      const started = requests.filter((_, index) => rulings[index]?.kind === 'start')
      const isCooling = state.lastEndedAtMs === NOW - 59 * MINUTE
      const isSpent = state.startsMs.filter((ms) => ms === NOW - MINUTE).length >= 3
      const isClosed = state.paused || state.running !== null || isSpent
      const mayStart = requests.some(({ trigger }) => !isCooling || trigger === 'manual') && !isClosed
      assert.equal(started.length, mayStart ? 1 : 0)
      if (isCooling) assert.ok(started.every(({ trigger }) => trigger === 'manual'))
      for (const [index, { workflowId }] of requests.entries()) {
        if (workflowId !== undefined) assert.notEqual(rulings[index]?.kind, 'queued')
      }
    }),
  )
})
