/**
 * Mergeable counts of columns: what drift is measured on, so that a check reads kilobytes instead of rows. Two profiles
 * can be merged when they were counted on the same bins.
 */

/** Counts of a numeric column on fixed bins: bin i holds values in (edges[i-1], edges[i]], the outer bins are open. */
export interface NumericProfile {
  readonly kind: 'numeric'
  /** Strictly increasing, at most 199; the bins are one more. */
  readonly edges: readonly number[]
  /** Rows a bin. */
  readonly counts: readonly number[]
  /** Sum of the values a bin, for exact means and Wasserstein distances. */
  readonly sums: readonly number[]
  /** Missing values: a bin of their own. */
  readonly nulls: number
  /** NaN and infinite values: counted, never binned. */
  readonly notFinite: number
  /** Smallest and largest finite value; null when there is none. */
  readonly min: number | null
  readonly max: number | null
}

/** Exact counts of a categorical column. */
export interface CategoricalProfile {
  readonly kind: 'categorical'
  /** Rows by value: the most frequent ones, at most 1,000. */
  readonly counts: Readonly<Record<string, number>>
  /** Rows whose value is not among `counts`. */
  readonly other: number
  readonly nulls: number
}

/** Counts of one column. */
export type ColumnProfile = NumericProfile | CategoricalProfile

/** Counts of all features, and of the label, of one or more partitions. */
export interface Profile {
  readonly version: 1
  /** Number of the bins revision the edges come from; profiles of different revisions do not merge. */
  readonly bins: number
  readonly rows: number
  /** Event times of the first and last row, ISO 8601; null without rows. */
  readonly from: string | null
  readonly to: string | null
  readonly columns: Readonly<Record<string, ColumnProfile>>
  readonly label: { readonly known: number; readonly positive: number }
}
