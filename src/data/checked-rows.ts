/**
 * The chain of SQL from rows as they arrived to rows as the model sees them. Ingestion, measuring and serving all run
 * this chain, which is why training and serving cannot differ.
 */
import { COLUMN_TYPES } from '../spec/columns.js'
import type { ModelSpec } from '../spec/spec.js'
import { brokenRule, brokenType, rawName } from './column-rules.js'
import { columnValue } from './column-value.js'
import { sqlName, sqlText } from './sql.js'

/** Rows as they arrived, of any format. */
export interface RawRows {
  /**
   * A relation with `_row` (BIGINT, from 1), `_line` (BIGINT, the line that it begins on, or NULL), `_fault` (VARCHAR, why the row itself is broken, or NULL), `_text`
   * (VARCHAR, the row as it came when it has a fault, or NULL) and a column for each column of the spec.
   */
  readonly relation: string
  /** DuckDB types of the spec's columns in the relation. */
  readonly types: ReadonlyMap<string, string>
}

/** An expression of the spec: its name, its SQL, and the DuckDB type of its result. */
export interface SpecExpression {
  readonly name: string
  readonly sql: string
  readonly type: string
}

/** The years that every reader of times can write: SQL, ISO 8601 and JavaScript alike. */
const SOUND_TIME = "BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'"

/**
 * A SELECT over `raw` that gives for each row `_row`, `_line`, `_text`, `_reason` (the first broken rule, NULL for a sound row),
 * `_raw_<column>` as they arrived, the spec's columns and derived columns typed, `_time` and `_label`.
 */
export function checkedRows(spec: ModelSpec, raw: RawRows): string {
  const time = `CAST(${sqlName(spec.data.eventTime)} AS TIMESTAMP)`
  // A row without a sound event time is in no window, so it could never be used.
  const rule = `CASE WHEN (${time} ${SOUND_TIME}) IS NOT TRUE THEN ${sqlText(`${spec.data.eventTime}: eventTime`)} END`
  const timed = `SELECT * EXCLUDE (_reason), ${time} AS _time, COALESCE(_reason, ${rule}) AS _reason FROM (${derivedRows(spec, raw, 'all')})`
  return judgeByRules(evaluate(timed, [labelExpression(spec)]), spec)
}

/** Rules see rows that are sound so far. What is not true breaks the row, be it false, NULL or an error. */
function judgeByRules(rows: string, { data }: ModelSpec): string {
  const broken = Object.entries(data.rules).map(([name, { sql }]) => {
    const isBroken = `TRY(CAST((${sql}\n) AS BOOLEAN)) IS NOT TRUE`
    return `CASE WHEN _reason IS NULL THEN CASE WHEN ${isBroken} THEN ${sqlText(`rule ${name}`)} END END`
  })
  if (broken.length === 0) return rows
  return `SELECT * EXCLUDE (_reason), COALESCE(${['_reason', ...broken].join(', ')}) AS _reason FROM (${rows})`
}

/** The rules of a spec as expressions, to be checked before they see a row. */
export const ruleExpressions = ({ data }: ModelSpec): readonly SpecExpression[] =>
  Object.entries(data.rules).map(([name, { sql }]) => ({ name, sql, type: 'BOOLEAN' }))

/**
 * The first part of {@link checkedRows}, without event time and label. `typesOnly` leaves out what the spec demands of
 * values that are learned from: a request may lack a value, or have a rare one, and is answered still.
 */
export function derivedRows(spec: ModelSpec, raw: RawRows, rules: 'all' | 'typesOnly'): string {
  const broken = Object.entries(spec.data.columns).map(([name, column]) => {
    const names = { raw: rawName(name), value: sqlName(name) }
    return rules === 'all' ? brokenRule(name, column, names) : brokenType(name, names)
  })
  const judged = `SELECT *, COALESCE(${['_fault', ...broken].join(', ')}) AS _reason FROM (${typedRows(spec, raw)})`
  return evaluate(judged, derivedExpressions(spec))
}

/** Expressions of the derived columns. */
export const derivedExpressions = (spec: ModelSpec): readonly SpecExpression[] =>
  Object.entries(spec.data.derived).map(([name, { sql, type }]) => ({ name, sql, type: COLUMN_TYPES[type] }))

/** The expression of the label, as `_label`. */
export const labelExpression = (spec: ModelSpec): SpecExpression => {
  return { name: '_label', sql: spec.data.label.sql, type: 'BOOLEAN' }
}

/** An expression that cannot stop the query: `{v: result}`, or NULL when it fails on the row. The line break ends a `--`. */
export const guarded = ({ sql, type }: SpecExpression): string => `TRY(struct_pack(v := CAST((${sql}\n) AS ${type})))`

/** The spec's columns typed, beside the values as they arrived. */
function typedRows(spec: ModelSpec, { relation, types }: RawRows): string {
  const columns = Object.entries(spec.data.columns).flatMap(([name, { type }]) => {
    const value = columnValue(type, `r.${sqlName(name)}`, types.get(name) ?? 'VARCHAR')
    return [`r.${sqlName(name)} AS ${rawName(name)}`, `${value} AS ${sqlName(name)}`]
  })
  return `SELECT r._row, r._line, r._fault, r._text, ${columns.join(', ')} FROM (${relation}) r`
}

/**
 * Adds the expressions' results. A row on which an expression fails is broken by `name: sql`. Expressions are kept off
 * rows that are broken already: their values mean nothing, and a failing row is evaluated alone, which is slow.
 */
function evaluate(rows: string, expressions: readonly SpecExpression[]): string {
  if (expressions.length === 0) return rows
  const attempts = expressions.map((expression) => {
    return `CASE WHEN _reason IS NULL THEN ${guarded(expression)} END AS ${attemptName(expression)}`
  })
  const failures = expressions.map((expression) => {
    return `CASE WHEN _reason IS NULL AND ${attemptName(expression)} IS NULL THEN ${sqlText(`${publicName(expression)}: sql`)} END`
  })
  const results = expressions.map((expression) => `${attemptName(expression)}.v AS ${sqlName(expression.name)}`)
  const inner = `SELECT *, ${attempts.join(', ')} FROM (${rows})`
  const dropped = ['_reason', ...expressions.map(attemptName)].join(', ')
  return `SELECT * EXCLUDE (${dropped}), COALESCE(_reason, ${failures.join(', ')}) AS _reason, ${results.join(', ')} FROM (${inner})`
}

const attemptName = ({ name }: SpecExpression): string => sqlName(`_try_${name}`)

const publicName = ({ name }: SpecExpression): string => (name === '_label' ? 'label' : name)
