import { RefitError } from '../errors.js'
import type { FeatureColumn } from './package.js'
import type { Batch } from './predictor.js'

/** The values of a feature as JSON has them: numbers or strings, `null` for missing (NaN and infinite included). */
export type FeatureValues = readonly (number | string | null)[]

/** Values of the rows `from` to `to` of a feature. Throws `PredictorFailed`, permanent, when the batch lacks it. */
export function featureValues(batch: Batch, feature: FeatureColumn, from: number, to: number): FeatureValues {
  const column = batch.columns[feature.name]
  if (column === undefined) throw unusable(feature, 'the rows do not have it')
  if (column.kind !== feature.kind) throw unusable(feature, `the rows have ${column.kind} values`)
  if (column.values.length !== batch.rows) {
    throw unusable(feature, `the batch has ${batch.rows} rows, but ${column.values.length} values`)
  }
  if (column.kind === 'categorical') return column.values.slice(from, to)
  return Array.from(column.values.subarray(from, to), (value) => (Number.isFinite(value) ? value : null))
}

function unusable({ name, kind }: FeatureColumn, found: string): RefitError {
  const text = `Cannot score: the model expects a ${kind} column "${name}", but ${found}.`
  return new RefitError('PredictorFailed', text, { permanent: true })
}
