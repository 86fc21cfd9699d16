import {
  columnOf,
  type EmbeddedFeature,
  type Encoding,
  MISSING_ROW,
  RESERVED_ROWS,
  rowsOf,
  UNKNOWN_ROW,
} from './encoding.js'
import type { CodedColumn, NumberColumn, Table } from './table.js'

/** Scaled numbers are cut here: a value far outside of what was trained on must not decide alone. */
export const MOST_DEVIATIONS = 10

/** Rows as the network takes them, row by row. */
export interface EncodedRows {
  readonly rows: number
  /** Rows of the embedding table, one a row and embedded feature. */
  readonly ids: Int32Array
  /** For each scaled feature its scaled value (0 for missing), then 1 where it is missing. */
  readonly numbers: Float32Array
  readonly label: Float32Array
  readonly weight: Float32Array
}

/** Encodes rows. Infinite numbers count as missing. */
export function encodeRows(table: Table, encoding: Encoding): EncodedRows {
  const { rows } = table
  const embeddedCount = encoding.embedded.length
  const ids = new Int32Array(rows * embeddedCount)
  let firstRow = 0
  encoding.embedded.forEach((feature, position) => {
    const idOf = rowFinder(columnOf(table, feature.name), feature, firstRow)
    for (let row = 0; row < rows; row++) ids[row * embeddedCount + position] = idOf(row)
    firstRow += rowsOf(feature)
  })
  return {
    rows,
    ids,
    numbers: scale(table, encoding),
    label: new Float32Array(table.label),
    weight: new Float32Array(table.weight),
  }
}

function scale(table: Table, { scaled }: Encoding): Float32Array {
  const width = 2 * scaled.length
  const numbers = new Float32Array(table.rows * width)
  scaled.forEach(({ name, mean, deviation }, position) => {
    const column = columnOf(table, name)
    if (column.kind !== 'numeric') return
    for (let row = 0; row < table.rows; row++) {
      const value = column.values[row] ?? Number.NaN
      const at = row * width + 2 * position
      if (!Number.isFinite(value)) numbers[at + 1] = 1
      else numbers[at] = Math.min(MOST_DEVIATIONS, Math.max(-MOST_DEVIATIONS, (value - mean) / deviation))
    }
  })
  return numbers
}

/** Finds the row of the embedding table for a row of the column. */
function rowFinder(
  column: CodedColumn | NumberColumn,
  feature: EmbeddedFeature,
  firstRow: number,
): (row: number) => number {
  const known = new Map(feature.values.map((value, index) => [value, firstRow + RESERVED_ROWS + index]))
  const idOf = (value: string | number): number => known.get(value) ?? firstRow + UNKNOWN_ROW
  if (column.kind === 'categorical') {
    const idOfCode = Int32Array.from(column.values, idOf)
    return (row) => idOfCode[column.codes[row] ?? -1] ?? firstRow + MISSING_ROW
  }
  return (row) => {
    const value = column.values[row] ?? Number.NaN
    return Number.isFinite(value) ? idOf(Math.trunc(value)) : firstRow + MISSING_ROW
  }
}
