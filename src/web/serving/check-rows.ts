import type { Column } from '../../spec/columns.js'
import type { ModelSpec } from '../../spec/spec.js'

/** A row as a caller sends it. */
export type RequestRow = Readonly<Record<string, unknown>>

/** Most problems that one answer lists. */
const MOST_PROBLEMS = 100

/**
 * All that is wrong with rows to be scored, one sentence each, with the number of the row. A column is required when
 * it may not be missing and the model depends on it; the label's columns are not known yet when a model is asked.
 */
export function checkRows(rows: readonly RequestRow[], spec: ModelSpec): readonly string[] {
  const required = requiredColumns(spec)
  const problems: string[] = []
  for (const [index, row] of rows.entries()) {
    problems.push(...checkRow(row, spec, required).map((problem) => `rows[${index}].${problem}`))
    if (problems.length > MOST_PROBLEMS) return [...problems.slice(0, MOST_PROBLEMS), 'and more of this kind.']
  }
  return problems
}

/** Columns that must be there: those that are features, and those that a derived feature or the rule reads. */
export function requiredColumns({ data, baseline }: ModelSpec): readonly string[] {
  const derived = Object.entries(data.derived).filter(([name]) => data.features.includes(name))
  const expressions = derived.map(([, { sql }]) => sql)
  if (baseline.kind === 'rule') expressions.push(baseline.score)
  // Names are letters, digits and _: safe in a pattern. A name that only occurs in a text literal is required in vain.
  const isRead = (name: string) => expressions.some((sql) => new RegExp(`\\b${name}\\b`, 'i').test(sql))
  return Object.entries(data.columns)
    .filter(([name, column]) => !column.nullable && (data.features.includes(name) || isRead(name)))
    .map(([name]) => name)
}

function checkRow(row: RequestRow, { data }: ModelSpec, required: readonly string[]): readonly string[] {
  const missing = required
    .filter((name) => row[name] === undefined || row[name] === null)
    .map((name) => `${name}: expected ${EXPECTED[data.columns[name]?.type ?? 'string']}, got nothing`)
  const wrong = Object.entries(row).flatMap(([name, value]) => {
    const column = Object.hasOwn(data.columns, name) ? data.columns[name] : undefined
    if (column === undefined) return [unknownColumn(name, data.columns)]
    const isRight = value === null || value === undefined || HOLDS[column.type](value)
    return isRight ? [] : [`${name}: expected ${EXPECTED[column.type]}, got ${shorten(JSON.stringify(value))}`]
  })
  return [...missing, ...wrong]
}

const EXPECTED: Record<Column['type'], string> = {
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'a text',
  timestamp: 'a time such as "2001-02-03T04:05:06"',
  date: 'a date such as "2001-02-03"',
}

const isText = (value: unknown): value is string => typeof value === 'string'

// ISO 8601 only: what DuckDB and JavaScript both read alike.
const ISO_DATE = /^\d{4}-\d\d-\d\d$/
const ISO_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?$/

const HOLDS: Record<Column['type'], (value: unknown) => boolean> = {
  integer: Number.isSafeInteger,
  number: Number.isFinite,
  boolean: (value) => typeof value === 'boolean',
  string: isText,
  timestamp: (value) => isText(value) && (ISO_TIME.test(value) || ISO_DATE.test(value)) && isCalendarTime(value),
  date: (value) => isText(value) && ISO_DATE.test(value) && isCalendarTime(value),
}

// JavaScript takes February 30 for March 2, which DuckDB refuses: the day must come back as it went in.
function isCalendarTime(text: string): boolean {
  const day = text.slice(0, 10)
  const midnight = new Date(`${day}T00:00:00Z`)
  const isDay = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day)
  return isDay && !Number.isNaN(Date.parse(text.replace(' ', 'T')))
}

function unknownColumn(name: string, columns: Readonly<Record<string, Column>>): string {
  return `${shorten(name)}: expected one of the columns ${Object.keys(columns).join(', ')}, got another name`
}

const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}…` : text)
