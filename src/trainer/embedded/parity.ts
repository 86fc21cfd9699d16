import { messageOf } from '../../errors.js'
import { openOnnxPredictor } from '../../predictor/onnx.js'
import type { FeatureColumn } from '../../predictor/package.js'
import type { Batch, ColumnValues } from '../../predictor/predictor.js'
import { columnOf } from './encoding.js'
import { hopeless } from './failure.js'
import type { Table } from './table.js'

/** Single precision differs by about 1e-7 a sum; more than this is another model. */
export const MOST_DIFFERENCE = 1e-5
/** Rows compared: enough to meet every feature's values, and done in a second. */
export const PARITY_ROWS = 50_000

/**
 * Scores the first raw rows with the exported graph and compares with what was trained. Gives the largest difference;
 * fails, permanently, when it is too large.
 */
export async function checkParity(
  file: string,
  output: string,
  given: { readonly table: Table; readonly features: readonly FeatureColumn[]; readonly scores: Float64Array },
): Promise<number> {
  const { table, features, scores } = given
  const exported = await score(file, output, features, rawBatch(table, features, scores.length))
  const difference = scores.reduce((most, value, row) => Math.max(most, Math.abs(value - (exported[row] ?? 1))), 0)
  if (difference <= MOST_DIFFERENCE) return difference
  throw hopeless(
    `Cannot use the exported model: its scores differ by up to ${difference} from the trained one's, expected at most ` +
      `${MOST_DIFFERENCE}. This is an error of Refit's export; please report it with the features of the spec.`,
  )
}

async function score(
  file: string,
  output: string,
  features: readonly FeatureColumn[],
  batch: Batch,
): Promise<Float64Array> {
  try {
    const predictor = await openOnnxPredictor(file, { output, features })
    return await predictor.predict(batch).finally(() => predictor.close())
  } catch (thrown) {
    throw hopeless(`Cannot score with the exported model: ${messageOf(thrown)}`, thrown)
  }
}

/** The first rows as they were read. */
function rawBatch(table: Table, features: readonly FeatureColumn[], rows: number): Batch {
  const columns = features.map(({ name }): [string, ColumnValues] => {
    const column = columnOf(table, name)
    if (column.kind === 'numeric') return [name, { kind: 'numeric', values: column.values.subarray(0, rows) }]
    const values = Array.from(column.codes.subarray(0, rows), (code) => column.values[code] ?? null)
    return [name, { kind: 'categorical', values }]
  })
  return { rows, columns: Object.fromEntries(columns) }
}
