/**
 * The port to a model that answers: rows in, scores out, whatever is behind it. Suites, gates and serving only ever see
 * this. What every adapter guarantees, and `test/predictor/conformance.ts` checks: one finite score in [0, 1] a row, in
 * the order of the rows; the same answer for a row alone and in a batch; missing values are legal input.
 */

/** The values of one column for a batch of rows: numbers (NaN for missing) or strings (null for missing). */
export type ColumnValues =
  | { readonly kind: 'numeric'; readonly values: Float64Array }
  | { readonly kind: 'categorical'; readonly values: readonly (string | null)[] }

/** Rows as columns. All columns have `rows` values. */
export interface Batch {
  readonly rows: number
  readonly columns: Readonly<Record<string, ColumnValues>>
}

/** An opened model. */
export interface Predictor {
  /** Scores of the positive class, one a row. Rejects with `PredictorFailed`, naming the column when one is at fault. */
  predict(batch: Batch): Promise<Float64Array>
  /** Frees what the predictor holds: sessions, processes. */
  close(): Promise<void>
}
