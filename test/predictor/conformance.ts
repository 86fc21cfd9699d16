/** What every predictor guarantees (src/predictor/predictor.ts), run against each adapter. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { Batch, ColumnValues, Predictor } from '../../src/predictor/predictor.js'
import { rejection } from '../support/rejection.js'

/** Opens a predictor that is closed when the test ends. */
export type OpenPredictor = (t: TestContext) => Promise<Predictor>

/** A row alone and in a batch may be summed up in another order; in single precision that is the last digit. */
const PARITY = 1e-6
const MANY_ROWS = 70_000

/** Defines the suite for one adapter. `batch` are some rows the model can score, of different scores. */
export function predictorConformance(name: string, open: OpenPredictor, batch: Batch): void {
  describe(`predictor ${name}`, () => {
    test('gives one score in [0, 1] a row, in the order of the rows', async (t) => {
      const predictor = await open(t)
      const scores = await predictor.predict(batch)
      assert.equal(scores.length, batch.rows)
      assert.ok(scores.every((score) => score >= 0 && score <= 1))
      assert.ok(new Set(scores).size > 1, 'the rows of the suite have different scores')
      const reversed = await predictor.predict(pick(batch, rowNumbers(batch.rows).reverse()))
      assertClose(reversed, scores.slice().reverse())
    })

    test('gives a row alone the score it has in a batch', async (t) => {
      const predictor = await open(t)
      const scores = await predictor.predict(batch)
      for (const row of rowNumbers(batch.rows).slice(0, 5)) {
        assertClose(await predictor.predict(pick(batch, [row])), scores.slice(row, row + 1))
      }
    })

    test('takes missing values in every column', async (t) => {
      const predictor = await open(t)
      const columns = Object.entries(batch.columns).map(([column, { kind }]) => [column, missing(kind, 3)])
      const scores = await predictor.predict({ rows: 3, columns: Object.fromEntries(columns) })
      assert.equal(scores.length, 3)
      assert.ok(scores.every((score) => score >= 0 && score <= 1))
    })

    test('takes no rows, and many', async (t) => {
      const predictor = await open(t)
      assert.equal((await predictor.predict(pick(batch, []))).length, 0)
      const many = rowNumbers(MANY_ROWS).map((row) => row % batch.rows)
      const scores = await predictor.predict(pick(batch, many))
      const few = await predictor.predict(batch)
      assertClose(
        scores,
        Float64Array.from(many, (row) => few[row] ?? Number.NaN),
      )
    })

    test('names a column that the rows lack', async (t) => {
      const predictor = await open(t)
      for (const column of Object.keys(batch.columns)) {
        const { [column]: _, ...others } = batch.columns
        const error = await rejection(predictor.predict({ rows: batch.rows, columns: others }), 'PredictorFailed')
        assert.ok(error.message.includes(`"${column}"`), error.message)
      }
    })

    test('scores several batches at once', async (t) => {
      const predictor = await open(t)
      const scores = await predictor.predict(batch)
      const all = await Promise.all([1, 2, 3].map(() => predictor.predict(batch)))
      for (const one of all) assertClose(one, scores)
    })
  })
}

function rowNumbers(count: number): number[] {
  return Array.from({ length: count }, (_, row) => row)
}

function pick({ columns }: Batch, rows: readonly number[]): Batch {
  const picked = Object.entries(columns).map(([name, column]): [string, ColumnValues] => [
    name,
    column.kind === 'numeric'
      ? { kind: 'numeric', values: Float64Array.from(rows, (row) => column.values[row] ?? Number.NaN) }
      : { kind: 'categorical', values: rows.map((row) => column.values[row] ?? null) },
  ])
  return { rows: rows.length, columns: Object.fromEntries(picked) }
}

function missing(kind: ColumnValues['kind'], rows: number): ColumnValues {
  if (kind === 'numeric') return { kind, values: new Float64Array(rows).fill(Number.NaN) }
  return { kind, values: rowNumbers(rows).map(() => null) }
}

function assertClose(actual: Float64Array, expected: Float64Array): void {
  assert.equal(actual.length, expected.length)
  actual.forEach((score, row) => {
    assert.ok(Math.abs(score - (expected[row] ?? Number.NaN)) <= PARITY, `row ${row}: ${score}, not ${expected[row]}`)
  })
}
