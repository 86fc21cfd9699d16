/** Training rows in memory, column by column: strings as codes, so that a million rows take megabytes. */
import type { FeatureColumn } from '../../predictor/package.js'
import type { Batch, ColumnValues } from '../../predictor/predictor.js'
import { hopeless } from './failure.js'

/** A categorical column: `values[codes[row]]`, -1 for missing. The empty string counts as missing. */
export interface CodedColumn {
  readonly kind: 'categorical'
  readonly codes: Int32Array
  readonly values: readonly string[]
}

/** A numeric column; NaN for missing. */
export interface NumberColumn {
  readonly kind: 'numeric'
  readonly values: Float64Array
}

/** Rows as columns, with label (0 or 1) and weight. */
export interface Table {
  readonly rows: number
  readonly columns: Readonly<Record<string, CodedColumn | NumberColumn>>
  readonly label: Float64Array
  readonly weight: Float64Array
}

/** Columns that a training file has besides its features. */
export const EXTRA_COLUMNS = ['label', 'weight'] as const

/** Reads all batches. `file` names the rows in errors: a label that is not 0 or 1, or a weight below 0, is permanent. */
export async function collectTable(
  batches: AsyncIterable<Batch>,
  features: readonly FeatureColumn[],
  file: string,
): Promise<Table> {
  const label = numberCollector()
  const weight = numberCollector()
  const columns = features.map(({ name, kind }) => ({
    name,
    collector: kind === 'numeric' ? numberCollector() : codeCollector(),
  }))
  let rows = 0
  for await (const batch of batches) {
    rows += batch.rows
    label.add(columnOf(batch, 'label', file))
    weight.add(columnOf(batch, 'weight', file))
    for (const { name, collector } of columns) collector.add(columnOf(batch, name, file))
  }
  const table = {
    rows,
    columns: Object.fromEntries(columns.map(({ name, collector }) => [name, collector.finish()])),
    label: label.finish().values,
    weight: weight.finish().values,
  }
  checkTarget(table, file)
  return table
}

function columnOf(batch: Batch, name: string, file: string): ColumnValues {
  const column = batch.columns[name]
  if (column === undefined) throw hopeless(`Cannot train on "${file}": it has no column "${name}".`)
  return column
}

function checkTarget({ label, weight }: Table, file: string): void {
  const wrong = label.findIndex((value) => value !== 0 && value !== 1)
  if (wrong >= 0) {
    throw hopeless(`Cannot train on "${file}": label of row ${wrong} is ${label[wrong]}, expected 0 or 1.`)
  }
  const bad = weight.findIndex((value) => !(value >= 0 && value < Number.POSITIVE_INFINITY))
  if (bad >= 0) {
    throw hopeless(`Cannot train on "${file}": weight of row ${bad} is ${weight[bad]}, expected 0 or more.`)
  }
}

function numberCollector() {
  const parts: Float64Array[] = []
  return {
    add(column: ColumnValues) {
      if (column.kind !== 'numeric') throw hopeless('Cannot train: a numeric column holds strings. Check the spec.')
      parts.push(column.values)
    },
    finish(): NumberColumn {
      const values = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
      let from = 0
      for (const part of parts) {
        values.set(part, from)
        from += part.length
      }
      return { kind: 'numeric', values }
    },
  }
}

function codeCollector() {
  const parts: Int32Array[] = []
  const codes = new Map<string, number>()
  const codeOf = (value: string | null): number => {
    if (value === null || value === '') return -1
    const known = codes.get(value)
    if (known !== undefined) return known
    codes.set(value, codes.size)
    return codes.size - 1
  }
  return {
    add(column: ColumnValues) {
      if (column.kind !== 'categorical') throw hopeless('Cannot train: a categorical column holds numbers.')
      parts.push(Int32Array.from(column.values, codeOf))
    },
    finish(): CodedColumn {
      const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0))
      let from = 0
      for (const part of parts) {
        all.set(part, from)
        from += part.length
      }
      return { kind: 'categorical', codes: all, values: [...codes.keys()] }
    },
  }
}
