import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { binned } from '../../src/data/bin-of.js'
import { query } from './workshop.js'

test('the bin of a number is the number of edges below it, however the edges lie', async () => {
  const number = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.double({ noNaN: true, noDefaultInfinity: true }))
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(number, { maxLength: 20 }), fc.array(number), async (found, numbers) => {
      const edges = found.map((edge) => edge + 0).sort((one, other) => one - other)
      const all = [...edges, ...numbers]
      const values = all.map((x, index) => `(${index}, CAST('${x}' AS DOUBLE))`).join(', ')
      if (all.length === 0) return
      const rows = await query(
        `SELECT bin FROM (${binned(`SELECT x, n FROM (VALUES ${values}) v(n, x)`, edges)}) ORDER BY n`,
      )
      assert.deepEqual(
        rows.map(({ bin }) => Number(bin)),
        all.map((x) => edges.filter((edge) => edge < x).length),
      )
    }),
    { numRuns: 30 },
  )
})
