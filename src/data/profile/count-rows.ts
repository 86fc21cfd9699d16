import type { DuckDBConnection } from '@duckdb/node-api'
import { z } from 'zod'
import { Count, queryRow } from '../engine/query.js'
import { isoTime } from '../engine/sql.js'

/** Which expressions of a relation are the label (BOOLEAN) and the event time (TIMESTAMP) of a row. */
export interface RowColumns {
  readonly label: string
  readonly time: string
}

const Rows = z.object({
  rows: Count,
  /** Rows with a known label, and those of the positive class. */
  known: Count,
  positive: Count,
  /** Event times of the first and last row, ISO 8601. */
  from: z.string().nullable(),
  to: z.string().nullable(),
})

/** Rows of a relation, and what is known of their labels and times. */
export type RowCounts = Readonly<z.infer<typeof Rows>>

/** Counts a relation. The times of Parquet are known from its footer, when nothing else is asked for with them. */
export function countRows(
  connection: DuckDBConnection,
  relation: string,
  { label, time }: RowColumns,
): Promise<RowCounts> {
  return queryRow(
    connection,
    `SELECT rows, known, positive, ${isoTime('first')} AS "from", ${isoTime('last')} AS "to"
      FROM (SELECT count(*) AS rows, count(${label}) AS known, count(*) FILTER (${label}) AS positive FROM ${relation}),
        (SELECT min(${time}) AS first, max(${time}) AS last FROM ${relation})`,
    Rows,
  )
}
