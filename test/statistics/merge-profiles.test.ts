import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mergeProfiles, type Profile } from '../../src/statistics/index.js'

const EDGES = [0, 10, 20]

/** Counts rows as ingestion would: bin i holds values in (edges[i-1], edges[i]]. */
function count(rows: readonly (readonly [number | null, string | null, boolean | null])[]): Profile {
  const numbers = rows.flatMap(([x]) => (x === null ? [] : [x]))
  const binOf = (x: number) => EDGES.filter((edge) => x > edge).length
  const inBin = (bin: number) => numbers.filter((x) => binOf(x) === bin)
  const words = rows.flatMap(([, word]) => (word === null ? [] : [word]))
  const labels = rows.flatMap(([, , label]) => (label === null ? [] : [label]))
  return {
    version: 1,
    bins: 3,
    rows: rows.length,
    from: null,
    to: null,
    columns: {
      x: {
        kind: 'numeric',
        edges: EDGES,
        counts: [0, 1, 2, 3].map((bin) => inBin(bin).length),
        sums: [0, 1, 2, 3].map((bin) => inBin(bin).reduce((a, b) => a + b, 0)),
        nulls: rows.length - numbers.length,
        notFinite: 0,
        min: numbers.length === 0 ? null : Math.min(...numbers),
        max: numbers.length === 0 ? null : Math.max(...numbers),
      },
      word: {
        kind: 'categorical',
        counts: Object.fromEntries([...new Set(words)].map((word) => [word, words.filter((w) => w === word).length])),
        other: 0,
        nulls: rows.length - words.length,
      },
    },
    label: { known: labels.length, positive: labels.filter(Boolean).length },
  }
}

test('merged profiles equal the profile of all rows', () => {
  const row = fc.tuple(
    fc.option(fc.integer({ min: -5, max: 30 })),
    fc.option(fc.constantFrom('a', 'b', 'toString')),
    fc.option(fc.boolean()),
  )
  fc.assert(
    fc.property(fc.array(fc.array(row), { minLength: 1, maxLength: 5 }), (parts) => {
      assert.deepEqual(mergeProfiles(parts.map(count)), count(parts.flat()))
    }),
  )
})

test('merging keeps the first and last event time', () => {
  const part = (from: string | null, to: string | null) => ({ ...count([]), from, to })
  const merged = mergeProfiles([part('2001-02-01', '2001-02-28'), part(null, null), part('2001-01-01', '2001-01-31')])
  assert.deepEqual([merged.from, merged.to], ['2001-01-01', '2001-02-28'])
})

test('merging keeps the thousand most frequent categories', () => {
  const words = Array.from({ length: 1005 }, (_, i) => [null, `w${i}`, null] as const)
  const merged = mergeProfiles([count(words), count(words.slice(5))])
  const { word } = merged.columns
  assert.equal(word?.kind, 'categorical')
  assert.ok(word?.kind === 'categorical')
  assert.equal(Object.keys(word.counts).length, 1000)
  assert.equal(word.other, 5)
  assert.ok(!('w0' in word.counts))
})

test('profiles that do not belong together are refused', () => {
  const one = count([[1, 'a', null]])
  const check = (other: Profile, message: RegExp) => assert.throws(() => mergeProfiles([one, other]), message)
  check({ ...one, bins: 4 }, /bins revisions 3 and 4/)
  check({ ...one, columns: {} }, /column "x" is in one of them only/)
  const { x, word } = one.columns
  assert.ok(x?.kind === 'numeric' && word !== undefined)
  check({ ...one, columns: { x: word, word } }, /column "x" is numeric in one and categorical in the other/)
  check({ ...one, columns: { x: { ...x, edges: [0, 10, 21] }, word } }, /column "x" was counted on different bin edges/)
  assert.throws(() => mergeProfiles([]), /expected at least one/)
})
