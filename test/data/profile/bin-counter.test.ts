import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { binFinder } from '../../../src/data/profile/bin-cells.js'
import { profileFile } from '../../../src/data/profile/profile.js'
import { flightsSpec, openWorkshop, query } from '../workshop.js'

const number = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.double({ noNaN: true, noDefaultInfinity: true }))

test('the bin of a number is the number of edges below it, however the edges lie', () => {
  fc.assert(
    fc.property(fc.uniqueArray(number, { maxLength: 20 }), fc.array(number), (found, numbers) => {
      const edges = found.map((edge) => edge + 0).sort((one, other) => one - other)
      const binOf = binFinder(edges)
      for (const x of [...edges, ...numbers]) assert.equal(binOf(x), edges.filter((edge) => edge < x).length)
    }),
  )
})

test('numbers are counted the same, whether their writer gave them a dictionary or not', async (t) => {
  const { context, folder } = await openWorkshop(t)
  const file = join(folder, 'a.parquet')
  const value = "CASE WHEN i % 7 = 0 THEN NULL WHEN i % 11 = 0 THEN 'nan'::DOUBLE ELSE (i * 37 % 20000) / 8 END"
  await query(`COPY (SELECT ${value} AS plain, plain % 64 AS few FROM range(30000) t(i))
    TO '${file}' (FORMAT parquet, PARQUET_VERSION V2)`)
  const names = ['plain', 'few']
  const edges = [1.5, 40, 63, 1200, 2499.875]
  const spec = flightsSpec({
    columns: { date: { type: 'timestamp' }, plain: { type: 'number' }, few: { type: 'number' } },
    derived: {},
    features: names,
  })
  const bins = { revision: 1, edges: { plain: edges, few: edges } }
  const { columns } = await profileFile(context, { spec, file, bins })
  const dictionaries = await query(`SELECT path_in_schema AS name FROM parquet_metadata('${file}')
    WHERE contains(encodings, 'DICTIONARY') ORDER BY name`)
  assert.deepEqual(dictionaries, [{ name: 'few' }])
  for (const name of names) {
    const bin = edges.map((edge) => `CAST(${name} > ${edge} AS INTEGER)`).join(' + ')
    const expected =
      await query(`SELECT list(n ORDER BY bin)::VARCHAR AS counts, list(total ORDER BY bin)::VARCHAR AS sums
      FROM (SELECT ${bin} AS bin, count(*) AS n, sum(${name}) AS total FROM read_parquet('${file}')
        WHERE isfinite(${name}) GROUP BY bin)`)
    const column = columns[name]
    assert.ok(column?.kind === 'numeric')
    const filled = column.counts
      .map((count, index) => ({ count, sum: column.sums[index] }))
      .filter(({ count }) => count > 0)
    assert.deepEqual(
      filled.map(({ count }) => count),
      JSON.parse(String(expected[0]?.counts)),
    )
    assert.deepEqual(
      filled.map(({ sum }) => sum),
      JSON.parse(String(expected[0]?.sums)),
    )
    assert.deepEqual([column.nulls, column.notFinite], [4286, 2338])
  }
})
