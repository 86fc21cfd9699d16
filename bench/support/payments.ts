/** Payments as a bank's partner would hand them over: eight columns, one row in a hundred broken. The same rows each time. */
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { ModelSpec } from '../../src/spec/spec.js'

/** Columns as they arrive, with their types in DuckDB. */
export const PAYMENT_TYPES = {
  made: 'TIMESTAMP',
  account: 'BIGINT',
  amount: 'DOUBLE',
  age: 'BIGINT',
  method: 'VARCHAR',
  branch: 'VARCHAR',
  score: 'DOUBLE',
  fraud: 'BOOLEAN',
} as const

/** Rules of every kind, two derived columns, seven features. */
export const PAYMENTS = ModelSpec.parse({
  model: 'payments',
  goal: { description: 'find payments that are fraud', metric: 'auc' },
  baseline: { kind: 'rule', score: '0.5' },
  data: {
    source: { kind: 'files', glob: '*' },
    columns: {
      made: { type: 'timestamp' },
      account: { type: 'integer', min: 0 },
      amount: { type: 'number', min: 0, max: 10_000 },
      age: { type: 'integer', nullable: true, min: 0, max: 120 },
      method: { type: 'string', values: ['card', 'transfer', 'cash', 'cheque'] },
      branch: { type: 'string', pattern: '[A-Z]{3}' },
      score: { type: 'number', min: 0, max: 1 },
      fraud: { type: 'boolean' },
    },
    derived: {
      hour: { type: 'integer', sql: 'hour(made)' },
      logAmount: { type: 'number', sql: 'ln(1 + amount)' },
    },
    eventTime: 'made',
    features: ['amount', 'age', 'method', 'branch', 'score', 'hour', 'logAmount'],
    label: { sql: 'fraud' },
  },
})

/** Draws for row `i`, by a number for each purpose: a hash, so that threads and order do not matter. */
const DRAW = 'CREATE MACRO draw(i, purpose, choices) AS CAST(hash(i * 31 + purpose) % choices AS BIGINT)'

const rowsOf = (rows: number): string => `SELECT
  TIMESTAMP '2026-01-01' + to_seconds(i * 7 // 10) AS made,
  CASE WHEN draw(i, 1, 500) = 0 THEN -1 ELSE draw(i, 2, 100000) END AS account,
  draw(i, 3, 1000000) / 100 AS amount,
  CASE WHEN draw(i, 4, 20) > 0 THEN draw(i, 5, 120) END AS age,
  CASE WHEN draw(i, 6, 500) = 0 THEN 'barter' ELSE ['card', 'transfer', 'cash', 'cheque'][1 + draw(i, 7, 4)] END AS method,
  CASE WHEN draw(i, 8, 500) = 0 THEN 'x' ELSE '' END
    || chr(CAST(65 + draw(i, 9, 20) AS INTEGER)) || chr(CAST(65 + draw(i, 10, 20) AS INTEGER)) || 'X' AS branch,
  draw(i, 11, 1000) / 1000 - CASE WHEN draw(i, 12, 250) = 0 THEN 2 ELSE 0 END AS score,
  draw(i, 13, 50) = 0 AS fraud
  FROM range(${rows}) numbers(i)`

/** Writes payments to `FOLDER/ROWS.parquet`, and as CSV too, and gives their names. */
export async function writePayments(folder: string, rows: number, formats: readonly PaymentFormat[]) {
  const names = formats.map((format) => `${rows}.${format}`)
  await withConnection(async (connection) => {
    await connection.run(DRAW)
    const [first = '', ...others] = names.map((name) => join(folder, name))
    await connection.run(`COPY (${rowsOf(rows)}) TO '${first}' (FORMAT parquet, COMPRESSION zstd)`)
    for (const other of others) await connection.run(`COPY (FROM '${first}') TO '${other}' (FORMAT csv, HEADER)`)
  })
  return names
}

/** Formats in which payments are written. */
export type PaymentFormat = 'parquet' | 'csv'

/** Threads and memory of a DuckDB instance, Refit's and the reference's: what a worker of several activities may give to each. */
export const LIMITS = { threads: 2, memoryLimit: '256MB' } as const

/** Runs work on an instance of its own. */
export async function withConnection(work: (connection: DuckDBConnection) => Promise<void>): Promise<void> {
  const options = { threads: String(LIMITS.threads), memory_limit: LIMITS.memoryLimit }
  const instance = await DuckDBInstance.create(':memory:', options)
  const connection = await instance.connect()
  try {
    await work(connection)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
