import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasRoom, spoolWarnings, sumOf } from '../../src/spool/room.js'

const LIMITS = { maxBytes: 1000, maxHours: 72 }
const NOW = new Date('2026-11-24T10:00:00Z')

test('there is room up to the limit, and not beyond', () => {
  assert.deepEqual(
    [0, 400, 401].map((bytes) => hasRoom({ bytes: 600 }, bytes, LIMITS)),
    [true, true, false],
  )
})

test('what waits is added up, since the oldest', () => {
  const none = { pushes: 0, bytes: 0, since: null }
  const parts = [none, { pushes: 2, bytes: 5, since: '2026-11-24' }, { pushes: 1, bytes: 7, since: '2026-11-23' }]
  assert.deepEqual(sumOf(parts), { pushes: 3, bytes: 12, since: '2026-11-23' })
  assert.deepEqual(sumOf([]), none)
})

test('warnings above four fifths, and beyond the age', () => {
  const warnings = (bytes: number, hoursAgo: number) => {
    const since = new Date(NOW.getTime() - hoursAgo * 3_600_000).toISOString()
    return spoolWarnings({ pushes: 1, bytes, since }, LIMITS, NOW)
  }
  const full = 'The spool is 81 % full; at 100 % pushes are refused. Mend the store, or raise REFIT_SPOOL_MAX_MB.'
  const old = 'The oldest push in the spool waits for 73 hours, more than 72. Mend the store.'
  assert.deepEqual(warnings(800, 72), [])
  assert.deepEqual(warnings(810, 72), [full])
  assert.deepEqual(warnings(800, 73), [old])
  assert.deepEqual(warnings(810, 73.9), [full, old])
  assert.deepEqual(spoolWarnings(sumOf([]), LIMITS, NOW), [])
})
