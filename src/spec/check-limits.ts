/** The limits of a column's values: they fit its type, and the lower one is the lower one. */
import { TIME_TYPES } from './check-data.js'
import type { SpecPath } from './json-schema.js'
import type { OutlineColumn, SpecOutline } from './outline.js'
import { error, type Finding } from './problem.js'

const NUMBER_TYPES: readonly string[] = ['integer', 'number']

/** Limits are for numbers and times, lengths for texts. */
export function checkColumnLimits({ data }: SpecOutline): readonly Finding[] {
  const feeds = Object.entries(data.labels ?? {})
  return [
    ...checkLimits(['data', 'columns'], data.columns),
    ...feeds.flatMap(([name, feed]) => checkLimits(['data', 'labels', name, 'columns'], feed.columns)),
  ]
}

function checkLimits(section: SpecPath, columns: Readonly<Record<string, OutlineColumn>> = {}): readonly Finding[] {
  return Object.entries(columns).flatMap(([name, column]) => {
    const path = [...section, name]
    return [
      ...(['min', 'max'] as const).flatMap((limit) => checkLimit(path, column, limit)),
      ...(['minLength', 'maxLength'] as const).flatMap((limit) => checkLength(path, column, limit)),
      ...checkOrder(path, column, ['min', 'max']),
      ...checkOrder(path, column, ['minLength', 'maxLength']),
    ]
  })
}

function checkLimit(path: SpecPath, column: OutlineColumn, limit: 'min' | 'max'): readonly Finding[] {
  const { type, [limit]: value } = column
  if (value === undefined || type === undefined) return []
  if (![...NUMBER_TYPES, ...TIME_TYPES].includes(type)) {
    const expected = 'type integer, number, timestamp or date for a limit'
    return [error([...path, limit], 'key', { expected, found: `type ${type}`, wayOut: `Remove ${limit}.` })]
  }
  const isTime = TIME_TYPES.includes(type)
  if (isTime === (typeof value === 'string')) return []
  const expected = isTime ? `a day or a time for a column of type ${type}` : `a number for a column of type ${type}`
  const wayOut = isTime ? 'Write it in ISO 8601, such as 2001-01-31.' : 'Write a number.'
  return [error([...path, limit], 'value', { expected, found: JSON.stringify(value), wayOut })]
}

function checkLength(path: SpecPath, column: OutlineColumn, limit: 'minLength' | 'maxLength'): readonly Finding[] {
  const { type, [limit]: value } = column
  if (value === undefined || type === undefined || type === 'string') return []
  const words = { expected: 'type string for a length', found: `type ${type}`, wayOut: `Remove ${limit}.` }
  return [error([...path, limit], 'key', words)]
}

function checkOrder(path: SpecPath, column: OutlineColumn, [lower, upper]: Pair): readonly Finding[] {
  const { [lower]: least, [upper]: most } = column
  if (least === undefined || most === undefined || typeof least !== typeof most) return []
  // Not `<=`: a text that is no time is a problem of its own, and compares as NaN.
  if (!(placeOf(least) > placeOf(most))) return []
  const expected = `a ${typeof least === 'number' ? 'number' : 'time'} up to ${upper} (${most})`
  return [error([...path, lower], 'value', { expected, found: String(least), wayOut: `Swap ${lower} and ${upper}.` })]
}

type Pair = readonly ['min', 'max'] | readonly ['minLength', 'maxLength']

const placeOf = (limit: number | string): number => (typeof limit === 'number' ? limit : momentOf(limit))

/** As ingestion reads it: a time without zone is UTC. NaN for a text that is no time. */
function momentOf(iso: string): number {
  const lacksZone = iso.includes('T') && !/(Z|[+-]\d\d:?\d\d)$/.test(iso)
  return Date.parse(lacksZone ? `${iso}Z` : iso)
}
