/** Request rows become what the model sees, by the chain of SQL that ingestion runs. */
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api'
import { z } from 'zod'
import { RefitError } from '../../errors.js'
import type { Batch, ColumnValues } from '../../predictor/predictor.js'
import type { ModelSpec } from '../../spec/spec.js'
import { lockDown } from '../engine/context.js'
import { sqlName } from '../engine/sql.js'
import { jsonRows } from '../format/raw-rows.js'
import { derivedRows } from './checked-rows.js'
import { requireExpressions } from './expressions.js'
import { featureColumns } from './features.js'

/** Rows of a request, as the model sees them. */
export interface DerivedRows {
  /** The features of the spec, in the order of the rows. */
  readonly batch: Batch
  /** Score of the rule, one a row, NaN where it has none; null when the baseline is no rule. */
  readonly baseline: Float64Array | null
}

/** Derives rows; holds an instance of DuckDB that sees no file. */
export interface Deriver {
  /**
   * Applies types, derived columns and the rule. A missing value is missing; rules about values are not applied, as a rare
   * value still needs an answer. Rejects with `InvalidInput`, naming row and column, for a value of another type or a
   * row on which an expression fails.
   */
  derive(rows: readonly Readonly<Record<string, unknown>>[]): Promise<DerivedRows>
  close(): Promise<void>
}

/** Opens a deriver. It starts with the first call, which therefore rejects with `InvalidSpec` for SQL that cannot be used. */
export function createDeriver(spec: ModelSpec): Deriver {
  let opened: Promise<Opened> | undefined
  // One statement cannot run twice at a time: calls wait for each other.
  let last: Promise<unknown> = Promise.resolve()
  return {
    derive(rows) {
      opened ??= open(spec)
      const ready = opened
      const answer = last.then(async () => run(spec, await ready, rows))
      last = answer.catch(() => undefined)
      return answer
    },
    async close() {
      await last
      const found = await opened?.catch(() => undefined)
      found?.statement.destroySync()
      found?.connection.closeSync()
      found?.instance.closeSync()
      opened = undefined
    },
  }
}

interface Opened {
  readonly instance: DuckDBInstance
  readonly connection: DuckDBConnection
  readonly statement: DuckDBPreparedStatement
}

async function open(spec: ModelSpec): Promise<Opened> {
  // One thread: requests are small, and the process serves others meanwhile.
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  await lockDown(connection, { folders: [], files: [] })
  await requireExpressions(connection, spec)
  return { instance, connection, statement: await connection.prepare(statementOf(spec)) }
}

function statementOf(spec: ModelSpec): string {
  const lines =
    'SELECT unnest($1::VARCHAR[]) AS line, generate_subscripts($1::VARCHAR[], 1) AS _row, _row AS _line, NULL::VARCHAR AS _fault'
  const rows = derivedRows(spec, jsonRows(lines, Object.keys(spec.data.columns)), 'typesOnly')
  const features = featureColumns(spec).map(
    ({ name, kind }) => `CAST(${sqlName(name)} AS ${kind === 'numeric' ? 'DOUBLE' : 'VARCHAR'})`,
  )
  const score =
    spec.baseline.kind === 'rule'
      ? `CASE WHEN _reason IS NULL THEN TRY(CAST((${spec.baseline.score}\n) AS DOUBLE)) END`
      : 'NULL::DOUBLE'
  return `SELECT _reason, ${[score, ...features].join(', ')} FROM (${rows}) ORDER BY _row`
}

async function run(
  spec: ModelSpec,
  { statement }: Opened,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<DerivedRows> {
  statement.bind([listValue(rows.map(toLine))], [LIST(VARCHAR)])
  const [reasons = [], scores = [], ...values] = (await statement.runAndReadAll()).getColumnsJS()
  const broken = reasons.findIndex((reason) => reason !== null)
  if (broken !== -1) throw brokenRow(broken, z.string().parse(reasons[broken]))
  const columns = featureColumns(spec).map(({ name, kind }, index): [string, ColumnValues] => {
    const found = values[index] ?? []
    return [name, kind === 'numeric' ? { kind, values: toNumbers(found) } : { kind, values: found.map(toText) }]
  })
  return {
    batch: { rows: rows.length, columns: Object.fromEntries(columns) },
    baseline: spec.baseline.kind === 'rule' ? toNumbers(scores) : null,
  }
}

const toNumbers = (values: readonly unknown[]): Float64Array =>
  Float64Array.from(values, (value) => (typeof value === 'number' ? value : Number.NaN))

const toText = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** A row as a JSON line: a bigint keeps its digits, as ingestion reads numbers from text too. */
const toLine = (row: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))

function brokenRow(index: number, reason: string): RefitError {
  const [name, rule] = reason.split(': ')
  const problem =
    rule === 'type' ? 'its value cannot be read as the type that the spec says' : 'its expression fails on the row'
  return new RefitError(
    'InvalidInput',
    `Cannot use row ${index + 1}, column "${name}": ${problem}. Correct the value or leave it out.`,
  )
}
