/** Rows of Parquet files as columns of numbers and strings, batch by batch: what predictors and trainers eat. */
import type { DuckDBDataChunk } from '@duckdb/node-api'
import { RefitError } from '../../errors.js'
import type { FeatureColumn } from '../../predictor/package.js'
import type { Batch, ColumnValues } from '../../predictor/predictor.js'
import type { Partition } from '../dataset/partition.js'
import { rowsOfPartitions } from '../dataset/snapshot-rows.js'
import { type DuckDb, type EngineContext, withReader } from '../engine/context.js'
import { reasonOf } from '../engine/duckdb-error.js'
import { parquetScan, sqlName } from '../engine/sql.js'
import { requireExpression } from '../rules/expressions.js'

/** What to read. */
export interface ReadRequest {
  /** Local Parquet files, read in this order. */
  readonly files: readonly string[]
  /** The partitions that the files are, where only the rows of some commits may be meant; else all rows are. */
  readonly partitions?: readonly Partition[] | undefined
  readonly features: readonly FeatureColumn[]
  /** DuckDB expressions over the columns of the files, by alias: numeric results, delivered as numeric columns. */
  readonly expressions?: Readonly<Record<string, string>>
  /** Rows a batch, 65,536 unless given; the last batch has fewer. */
  readonly batchRows?: number
  readonly signal?: AbortSignal
  /** Rows always come in the order in which they are stored; a caller that relies on it says so. */
  readonly orderBy?: 'stored'
}

const DEFAULT_BATCH_ROWS = 65_536

/**
 * Reads files. Missing numbers are NaN, missing strings null, booleans 1 and 0. No files, or files without rows: no batch.
 * Rejects with `InvalidInput` when a column is not there or an expression cannot be used, with `Cancelled` when aborted.
 */
export async function* readBatches(
  context: EngineContext,
  request: ReadRequest,
): AsyncGenerator<Batch, void, undefined> {
  if (request.files.length === 0) return
  yield* withReader(context, { readable: request.files, signal: request.signal }, (duckDb) => stream(duckDb, request))
}

async function* stream({ connection }: DuckDb, request: ReadRequest): AsyncGenerator<Batch, void, undefined> {
  const { files, partitions, features, expressions = {}, batchRows = DEFAULT_BATCH_ROWS } = request
  for (const sql of Object.values(expressions)) await requireExpression(connection, sql)
  const columns: readonly FeatureColumn[] = [
    ...features,
    ...Object.keys(expressions).map((name) => ({ name, kind: 'numeric' as const })),
  ]
  const selected = [
    ...features.map(({ name, kind }) => `CAST(${sqlName(name)} AS ${kind === 'numeric' ? 'DOUBLE' : 'VARCHAR'})`),
    ...Object.values(expressions).map((sql) => `CAST((${sql}\n) AS DOUBLE)`),
  ]
  const rows = partitions === undefined ? parquetScan(files) : rowsOfPartitions(partitions, files)
  const result = await connection.stream(`SELECT ${selected.join(', ')} FROM ${rows}`).catch((thrown) => {
    throw new RefitError('InvalidInput', `Cannot read ${files.length} files: ${reasonOf(thrown)}.`, { cause: thrown })
  })
  let builder = new BatchBuilder(columns, batchRows)
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (let first = 0; first < chunk.rowCount; ) {
      first += builder.add(chunk, first)
      if (!builder.isFull) continue
      yield builder.build()
      builder = new BatchBuilder(columns, batchRows)
    }
  }
  if (builder.rows > 0) yield builder.build()
}

/** Gathers chunks of DuckDB, of about 2,000 rows each, into one batch. */
class BatchBuilder {
  rows = 0
  readonly #numbers: readonly (Float64Array | undefined)[]
  readonly #strings: readonly ((string | null)[] | undefined)[]

  constructor(
    readonly columns: readonly FeatureColumn[],
    readonly capacity: number,
  ) {
    this.#numbers = columns.map(({ kind }) => (kind === 'numeric' ? new Float64Array(capacity) : undefined))
    this.#strings = columns.map(({ kind }) => (kind === 'categorical' ? [] : undefined))
  }

  get isFull(): boolean {
    return this.rows === this.capacity
  }

  /** Takes rows of the chunk from `first` on, as many as fit; tells how many. */
  add(chunk: DuckDBDataChunk, first: number): number {
    const count = Math.min(chunk.rowCount - first, this.capacity - this.rows)
    for (let index = 0; index < this.columns.length; index++) {
      const vector = chunk.getColumnVector(index)
      const numbers = this.#numbers[index]
      const strings = this.#strings[index]
      for (let row = 0; row < count; row++) {
        const value = vector.getItem(first + row)
        if (numbers !== undefined) numbers[this.rows + row] = typeof value === 'number' ? value : Number.NaN
        strings?.push(typeof value === 'string' ? value : null)
      }
    }
    this.rows += count
    return count
  }

  build(): Batch {
    const values = this.columns.map(({ name }, index): [string, ColumnValues] => {
      const numbers = this.#numbers[index]
      if (numbers === undefined) return [name, { kind: 'categorical', values: this.#strings[index] ?? [] }]
      return [name, { kind: 'numeric', values: this.rows === this.capacity ? numbers : numbers.slice(0, this.rows) }]
    })
    return { rows: this.rows, columns: Object.fromEntries(values) }
  }
}
