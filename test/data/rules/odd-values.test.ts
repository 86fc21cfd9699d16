/** Values that plain casts read, and those that they would read wrongly. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flightsSpec, openWorkshop, table } from '../workshop.js'

const BROKEN = Symbol('broken')

test('a text is read as its type or breaks the row, whatever a cast alone would make of it', async (t) => {
  const workshop = await openWorkshop(t)
  const types = ['integer', 'timestamp', 'boolean', 'date'] as const
  const cases: Readonly<Record<(typeof types)[number], readonly [text: string, value: string | boolean | symbol][]>> = {
    integer: [
      ['12', '12'],
      ['-5', '-5'],
      ['+5', '5'],
      ['007', '7'],
      ['3.0', '3'],
      ['3.', '3'],
      ['" 12 "', '12'],
      ['3.5', BROKEN],
      ['1e3', BROKEN],
      ['1e2', BROKEN],
      ['1_000', BROKEN],
      ['0x1F', BROKEN],
      ['9223372036854775808', BROKEN],
    ],
    timestamp: [
      ['2001-01-02 02:30:00', '2001-01-02 02:30:00'],
      ['2001-01-02T02:30:00', '2001-01-02 02:30:00'],
      ['2001-01-02 02:30:00.25', '2001-01-02 02:30:00.25'],
      ['2001-01-02', '2001-01-02 00:00:00'],
      ['2001-01-02T02:30:00Z', '2001-01-02 02:30:00'],
      ['2001-01-02 02:30:00+02', '2001-01-02 00:30:00'],
      ['2001-1-2 1:00:00+02', '2001-01-01 23:00:00'],
      ['2001-02-30 00:00:00', BROKEN],
      ['infinity', BROKEN],
      ['-infinity', BROKEN],
    ],
    boolean: [
      ['true', true],
      ['FALSE', false],
      ['t', true],
      ['0', false],
      ['" true "', true],
      ['on', BROKEN],
      ['2', BROKEN],
    ],
    date: [
      ['2001-01-02', '2001-01-02'],
      ['infinity', BROKEN],
      ['2001-13-01', BROKEN],
    ],
  }
  for (const type of types) {
    const texts = cases[type]
    const columns = { date: { type: 'timestamp' }, value: { type } }
    const spec = flightsSpec(
      {
        columns,
        derived: { known: { type: 'boolean', sql: 'value IS NOT NULL' } },
        features: ['known'],
        label: { sql: 'true' },
      },
      { baseline: { kind: 'rule', score: '0.5' } },
    )
    const lines = texts.map(([text], index) => `2001-01-01 00:00:${String(index).padStart(2, '0')},${text}`)
    const { commit } = await workshop.ingest(
      spec,
      await workshop.put(`in/${type}.csv`, ['date,value', ...lines, ''].join('\n')),
    )
    const kept = await table(workshop, commit.partition?.uri ?? '')
    const expected = texts.filter(([, value]) => value !== BROKEN).map(([, value]) => value)
    assert.deepEqual(
      kept.map(({ value }) => value),
      expected,
      type,
    )
    const aside = await table(workshop, commit.quarantine?.uri ?? '')
    const broken = texts
      .filter(([, value]) => value === BROKEN)
      .map(([text]) => ({ value: text, reason: 'value: type' }))
    assert.deepEqual(
      aside.map(({ value, _reason: reason }) => ({ value, reason })),
      broken,
      type,
    )
  }
})
