import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ago, count, countOf, measure, moment, share, size, span, words } from '../../src/web/format.js'

/** Asserts what a function writes for each input. */
function check<T>(write: (input: T) => string, cases: readonly (readonly [T, string])[]): void {
  for (const [input, expected] of cases) assert.equal(write(input), expected)
}

test('numbers are written for people', () => {
  check(count, [
    [0, '0'],
    [1234567, '1,234,567'],
    [null, '–'],
  ])
  check(measure, [
    [0, '0'],
    [0.712145, '0.7121'],
    [-0.01, '−0.01'],
    [2.4e-7, '2.40e−7'],
    [1234.56, '1,235'],
    [100, '100'],
    [null, '–'],
    [Number.NaN, 'NaN'],
  ])
  check(share, [
    [0.1688, '16.9 %'],
    [1, '100 %'],
  ])
  check(size, [
    [12, '12 B'],
    [171_302, '171 kB'],
    [14_902_113, '14.9 MB'],
    [2.5e9, '2.5 GB'],
  ])
  assert.equal(countOf(1, 'batch', 'batches'), '1 batch')
  assert.equal(countOf(2, 'batch', 'batches'), '2 batches')
})

test('times and spans are written in their largest units', () => {
  check(span, [
    [0.3, '300 ms'],
    [59.95, '60 s'],
    [187.4, '3 min 7 s'],
    [3600, '1 h'],
    [90_061, '25 h 1 min'],
    [200_000, '2 days 7 h'],
  ])
  check(moment, [
    ['2001-02-03T04:05:06.789Z', '2001-02-03 04:05:06'],
    ['2001-02-03T04:05:06+02:00', '2001-02-03 04:05:06+02:00'],
    ['soon', 'soon'],
    [null, '–'],
  ])
  const now = new Date('2026-11-24T10:00:00Z')
  check(
    (iso: string) => ago(iso, now),
    [
      ['2026-11-24T09:59:30Z', 'just now'],
      ['2026-11-24T09:00:00Z', '1 h ago'],
      ['2026-11-20T10:00:00Z', '4 days ago'],
      ['never', '–'],
    ],
  )
  assert.equal(words('lastLayers'), 'last layers')
})
