/**
 * The chain of SQL from rows as they arrived to rows as the model sees them. Ingestion, measuring and serving all run
 * this chain, which is why training and serving cannot differ.
 */
import { COLUMN_TYPES } from '../../spec/columns.js'
import type { ModelSpec } from '../../spec/spec.js'
import { sqlName, sqlText } from '../engine/sql.js'
import type { RawRows } from '../format/raw-rows.js'
import { brokenRule, brokenType, rawName, soundRule, soundType } from './column-rules.js'
import { columnValue, quickValue } from './column-value.js'

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
  const rule = { isSound: `_time ${SOUND_TIME}`, reason: sqlText(`${spec.data.eventTime}: eventTime`) }
  const timed = `SELECT *, ${time} AS _time FROM (${derivedRows(spec, raw, 'all')})`
  return judgeByRules(evaluate(judge(timed, [rule]), [labelExpression(spec)]), spec)
}

/** What makes a row sound, and an expression of the reason if it is not. */
interface Judgement {
  readonly isSound: string
  readonly reason: string
}

/**
 * Judges rows that are sound so far; what is not true breaks the row, be it false or NULL. Reasons are looked for only where
 * something is broken: one condition a row is cheap, a text for each rule is not.
 */
function judge(rows: string, judgements: readonly Judgement[]): string {
  const isSound = ['_reason IS NULL', ...judgements.map(({ isSound }) => isSound)].join(' AND ')
  const reasons = judgements.map(({ isSound, reason }) => `CASE WHEN (${isSound}) IS NOT TRUE THEN ${reason} END`)
  const reason = `CASE WHEN ${isSound} THEN NULL ELSE COALESCE(${['_reason', ...reasons].join(', ')}) END`
  return `SELECT * EXCLUDE (_reason), ${reason} AS _reason FROM (${rows})`
}

/** Rules see rows that are sound so far. What is not true breaks the row, be it false, NULL or an error. */
function judgeByRules(rows: string, { data }: ModelSpec): string {
  const rules = Object.entries(data.rules)
  if (rules.length === 0) return rows
  const answers = rules.map(
    ([, { sql }], index) => `CASE WHEN _reason IS NULL THEN TRY(CAST((${sql}\n) AS BOOLEAN)) END AS _rule${index}`,
  )
  const judgements = rules.map(([name], index) => ({ isSound: `_rule${index}`, reason: sqlText(`rule ${name}`) }))
  const names = rules.map((_, index) => `_rule${index}`).join(', ')
  return `SELECT * EXCLUDE (${names}) FROM (${judge(`SELECT *, ${answers.join(', ')} FROM (${rows})`, judgements)})`
}

/** The rules of a spec as expressions, to be checked before they see a row. */
export const ruleExpressions = ({ data }: ModelSpec): readonly SpecExpression[] =>
  Object.entries(data.rules).map(([name, { sql }]) => ({ name, sql, type: 'BOOLEAN' }))

/**
 * The first part of {@link checkedRows}, without event time and label. `typesOnly` leaves out what the spec demands of
 * values that are learned from: a request may lack a value, or have a rare one, and is answered still.
 */
export function derivedRows(spec: ModelSpec, raw: RawRows, rules: 'all' | 'typesOnly'): string {
  return evaluate(judgedRows(spec, raw, rules), derivedExpressions(spec))
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

/**
 * The spec's columns typed, beside the values as they arrived, and `_reason`. Most rows are sound and hold what plain casts
 * read: one condition a row finds them, and the rest is done for the others.
 */
function judgedRows(spec: ModelSpec, { relation, types }: RawRows, rules: 'all' | 'typesOnly'): string {
  const columns = Object.entries(spec.data.columns).map(([name, column]) => {
    const names = { raw: rawName(name), value: sqlName(name) }
    const native = types.get(name) ?? 'VARCHAR'
    const quick = quickValue(column.type, { ...names, native })
    const isSound = rules === 'all' ? soundRule(column, names, quick.isExact) : soundType(names, quick.isExact)
    const broken = rules === 'all' ? brokenRule(name, column, names) : brokenType(name, names)
    return { name, ...names, quick, isSound, broken, exact: columnValue(column.type, names.raw, native) }
  })
  const arrived = columns.map(({ name, raw }) => `r.${sqlName(name)} AS ${raw}`)
  const raws = `SELECT r._row, r._line, r._fault, r._text, ${arrived.join(', ')} FROM (${relation}) r`
  const cast = `SELECT *, ${columns.map(({ quick, value }) => `${quick.value} AS ${value}`).join(', ')} FROM (${raws})`
  const sure = `SELECT *, ${['_fault IS NULL', ...columns.map(({ isSound }) => isSound)].join(' AND ')} AS _isSure FROM (${cast})`
  const others = columns.flatMap(({ quick, value, exact }) =>
    quick.isAlways ? [] : [`CASE WHEN _isSure THEN ${value} ELSE ${exact} END AS ${value}`],
  )
  const exact = others.length === 0 ? sure : `SELECT * REPLACE (${others.join(', ')}) FROM (${sure})`
  const reason = `COALESCE(${['_fault', ...columns.map(({ broken }) => broken)].join(', ')})`
  return `SELECT * EXCLUDE (_isSure), CASE WHEN _isSure THEN NULL ELSE ${reason} END AS _reason FROM (${exact})`
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
  const judgements = expressions.map((expression) => ({
    isSound: `${attemptName(expression)} IS NOT NULL`,
    reason: sqlText(`${publicName(expression)}: sql`),
  }))
  const results = expressions.map((expression) => `${attemptName(expression)}.v AS ${sqlName(expression.name)}`)
  const judged = judge(`SELECT *, ${attempts.join(', ')} FROM (${rows})`, judgements)
  return `SELECT * EXCLUDE (${expressions.map(attemptName).join(', ')}), ${results.join(', ')} FROM (${judged})`
}

const attemptName = ({ name }: SpecExpression): string => sqlName(`_try_${name}`)

const publicName = ({ name }: SpecExpression): string => (name === '_label' ? 'label' : name)
