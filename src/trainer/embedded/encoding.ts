/** How raw columns become what the network takes: learned once from training rows, kept in the package. */
import { z } from 'zod'
import type { FeatureColumn } from '../../predictor/package.js'
import { hopeless } from './failure.js'
import type { EmbeddedParameters } from './parameters.js'
import type { CodedColumn, NumberColumn, Table } from './table.js'

/** Row for missing values, counted from the first row that a feature has in the embedding table. */
export const MISSING_ROW = 0
/** Row for values that are not among those of the feature; their rows follow. */
export const UNKNOWN_ROW = 1
/** Rows of the table that a feature has besides those of its values. */
export const RESERVED_ROWS = 2

const EmbeddedFeature = z
  .strictObject({
    name: z.string(),
    kind: z.enum(['categorical', 'numeric']),
    /** Known values in the order of their rows: strings, or whole numbers of a numeric feature. */
    values: z.array(z.union([z.string(), z.number()])).readonly(),
  })
  .readonly()

/** How raw columns become what the network takes. */
export const Encoding = z
  .strictObject({
    embedded: z.array(EmbeddedFeature).readonly(),
    scaled: z
      .array(z.strictObject({ name: z.string(), mean: z.number(), deviation: z.number().positive() }))
      .readonly(),
  })
  .readonly()
/** How raw columns become what the network takes. */
export type Encoding = z.infer<typeof Encoding>
/** A feature that is looked up in the embedding table. */
export type EmbeddedFeature = z.infer<typeof EmbeddedFeature>

/** Learns the encoding from training rows. A feature named in `embed` must be numeric. */
export function fitEncoding(
  table: Table,
  features: readonly FeatureColumn[],
  limits: Pick<EmbeddedParameters, 'embed' | 'minCount' | 'maxValues'>,
): Encoding {
  const wrong = limits.embed.find((name) => features.find((feature) => feature.name === name)?.kind !== 'numeric')
  if (wrong !== undefined) {
    throw hopeless(`Cannot embed "${wrong}": trainer.parameters.embed names numeric features; others are anyway.`)
  }
  const embedded = features.filter(({ name, kind }) => kind === 'categorical' || limits.embed.includes(name))
  const scaled = features.filter(({ kind }) => kind === 'numeric')
  return {
    embedded: embedded.map(({ name, kind }) => ({
      name,
      kind,
      values: frequentValues(columnOf(table, name), limits),
    })),
    scaled: scaled.map(({ name }) => ({ name, ...momentsOf(columnOf(table, name)) })),
  }
}

/** Adds the values that became frequent since, behind those known: every known value keeps its row, scales stay. */
export function extendEncoding(
  encoding: Encoding,
  table: Table,
  limits: Pick<EmbeddedParameters, 'minCount' | 'maxValues'>,
): Encoding {
  const embedded = encoding.embedded.map((feature) => {
    const known = new Set(feature.values)
    const room = Math.max(0, limits.maxValues - known.size)
    const added = frequentValues(columnOf(table, feature.name), limits).filter((value) => !known.has(value))
    return { ...feature, values: [...feature.values, ...added.slice(0, room)] }
  })
  return { ...encoding, embedded }
}

/** Rows of the embedding table that belong to a feature. */
export function rowsOf(feature: EmbeddedFeature): number {
  return RESERVED_ROWS + feature.values.length
}

/** A column that the table has. */
export function columnOf(table: Table, name: string): CodedColumn | NumberColumn {
  const column = table.columns[name]
  if (column === undefined) throw hopeless(`Cannot train: the rows have no column "${name}".`)
  return column
}

/** Most frequent first, then by value: the order does not depend on the order of the rows. */
function frequentValues(
  column: CodedColumn | NumberColumn,
  { minCount, maxValues }: Pick<EmbeddedParameters, 'minCount' | 'maxValues'>,
): (string | number)[] {
  return countsOf(column)
    .filter(([, count]) => count >= minCount)
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, maxValues)
    .map(([value]) => value)
}

function countsOf(column: CodedColumn | NumberColumn): [string | number, number][] {
  if (column.kind === 'categorical') {
    const counts = new Uint32Array(column.values.length)
    for (const code of column.codes) if (code >= 0) counts[code] = (counts[code] ?? 0) + 1
    return column.values.map((value, code) => [value, counts[code] ?? 0])
  }
  const counts = new Map<number, number>()
  for (const value of column.values) {
    if (!Number.isFinite(value)) continue
    const whole = Math.trunc(value)
    counts.set(whole, (counts.get(whole) ?? 0) + 1)
  }
  return [...counts]
}

/** Mean and standard deviation of the finite values. Two passes: large values with a small spread lose no digits. */
function momentsOf(column: CodedColumn | NumberColumn): { readonly mean: number; readonly deviation: number } {
  const values = column.kind === 'numeric' ? column.values : new Float64Array()
  let count = 0
  let sum = 0
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    count++
    sum += value
  }
  const mean = sum / Math.max(1, count)
  let square = 0
  for (const value of values) if (Number.isFinite(value)) square += (value - mean) ** 2
  // A constant says nothing: any deviation will do that does not divide by zero.
  return { mean, deviation: Math.sqrt(square / Math.max(1, count)) || 1 }
}
