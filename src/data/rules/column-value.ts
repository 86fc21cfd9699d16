/** How an arriving value is read as the type of the spec: the same SQL for files of every format and for requests. */

import { unreachable } from '../../errors.js'
import type { Column } from '../../spec/columns.js'

type ColumnType = Column['type']

/** DuckDB types that hold a value of the spec's type as it is: no detour over text. */
const NATIVE: Readonly<Record<ColumnType, RegExp>> = {
  integer: /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/,
  number: /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\))$/,
  boolean: /^BOOLEAN$/,
  string: /^VARCHAR$/,
  timestamp: /^(TIMESTAMP(_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE|DATE)$/,
  date: /^DATE$/,
}

/** An integer, also one that a writer of floating-point numbers printed. A cast alone would round `3.5` to 4. */
const INTEGER_TEXT = String.raw`\s*[+-]?[0-9]+(\.0*)?\s*`

/** A time without zone: a cast straight to TIMESTAMP is right, and six times as fast as one over the zone. */
const TIME_WITHOUT_ZONE = String.raw`\s*[0-9]+-[0-9]+-[0-9]+([ T][0-9:.]+)?\s*`

/**
 * An expression that gives `raw` as the spec's type, or NULL when it cannot be read as that.
 *
 * 1. An integer is never rounded and never wraps.
 * 2. A time with an offset is moved to UTC, where a plain cast to TIMESTAMP would drop the offset silently; a time
 *    without one is UTC.
 * 3. Infinite times and dates are not values.
 *
 * `native` is the DuckDB type of `raw`.
 */
export function columnValue(type: ColumnType, raw: string, native: string): string {
  return NATIVE[type].test(native)
    ? fromNative(type, raw)
    : fromText(type, native === 'VARCHAR' ? raw : `CAST(${raw} AS VARCHAR)`)
}

/** A cheaper expression for a value, and where it can be trusted. */
export interface QuickValue {
  readonly value: string
  /** Conditions under which `value`, where it is not NULL, is that of {@link columnValue}. */
  readonly isExact: readonly string[]
  /** Whether `value` is that of {@link columnValue} in any case. */
  readonly isAlways: boolean
}

/**
 * As {@link columnValue}, for what most rows hold: plain casts, and `value` as a name for their result in the conditions.
 * Whoever uses it looks at {@link columnValue} where a condition fails.
 */
export function quickValue(
  type: ColumnType,
  { raw, native, value }: { raw: string; native: string; value: string },
): QuickValue {
  const exact = columnValue(type, raw, native)
  const quick = (sql: string, ...isExact: readonly string[]): QuickValue => ({ value: sql, isExact, isAlways: false })
  const always: QuickValue = { value: exact, isExact: [], isAlways: true }
  const isNative = NATIVE[type].test(native)
  if (!isNative && native !== 'VARCHAR') return always
  switch (type) {
    case 'string':
    case 'number':
      return always
    case 'boolean':
      return isNative ? always : quick(`TRY_CAST(${raw} AS BOOLEAN)`)
    case 'integer':
      return isNative ? always : quick(`TRY_CAST(${raw} AS BIGINT)`, `CAST(${value} AS VARCHAR) = ${raw}`)
    case 'timestamp':
      return isNative
        ? quick(`TRY_CAST(${raw} AS TIMESTAMP)`, `isfinite(${value})`)
        : quick(`TRY_CAST(${raw} AS TIMESTAMP)`, `${raw} LIKE '____-__-__ __:__:__'`, `isfinite(${value})`)
    case 'date':
      return quick(`TRY_CAST(${raw} AS DATE)`, `isfinite(${value})`)
    default:
      return unreachable(type)
  }
}

function fromNative(type: ColumnType, raw: string): string {
  switch (type) {
    case 'string':
    case 'boolean':
      return raw
    case 'integer':
      return `TRY_CAST(${raw} AS BIGINT)`
    case 'number':
      return `TRY_CAST(${raw} AS DOUBLE)`
    case 'timestamp':
      return finite(`TRY_CAST(${raw} AS TIMESTAMP)`)
    case 'date':
      return finite(raw)
    default:
      return unreachable(type)
  }
}

function fromText(type: ColumnType, text: string): string {
  switch (type) {
    case 'string':
      return text
    case 'boolean':
      return `TRY_CAST(trim(${text}) AS BOOLEAN)`
    case 'integer':
      return `CASE WHEN ${isPrinted(text, 'BIGINT')} OR regexp_full_match(${text}, '${INTEGER_TEXT}') THEN TRY_CAST(${text} AS BIGINT) END`
    case 'number':
      return `TRY_CAST(${text} AS DOUBLE)`
    case 'timestamp':
      return finite(
        `CASE WHEN ${isPrinted(text, 'TIMESTAMP')} OR regexp_full_match(${text}, '${TIME_WITHOUT_ZONE}') THEN TRY_CAST(${text} AS TIMESTAMP) ` +
          `ELSE CAST(TRY_CAST(${text} AS TIMESTAMPTZ) AS TIMESTAMP) END`,
      )
    case 'date':
      return finite(`TRY_CAST(${text} AS DATE)`)
    default:
      return unreachable(type)
  }
}

/** Whether a text is just what DuckDB prints for a value: most are, and this is known in half of the time that a pattern takes. */
const isPrinted = (text: string, type: string): string =>
  `COALESCE(CAST(TRY_CAST(${text} AS ${type}) AS VARCHAR) = ${text}, FALSE)`

const finite = (value: string): string => `CASE WHEN isfinite(${value}) THEN ${value} END`
