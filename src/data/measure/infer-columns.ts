import { extname, resolve } from 'node:path'
import { z } from 'zod'
import type { COLUMN_TYPES } from '../../spec/columns.js'
import { type EngineContext, withDuckDb } from '../engine/context.js'
import { queryRows } from '../engine/query.js'
import { sqlText } from '../engine/sql.js'

/** A column as a file shows it. */
export interface InferredColumn {
  readonly name: string
  readonly type: keyof typeof COLUMN_TYPES
  /** Whether the first rows have a missing value. */
  readonly nullable: boolean
}

const Described = z.object({ column_name: z.string(), column_type: z.string(), null_percentage: z.unknown() })

/** Names and types of the columns of a Parquet, CSV or JSON lines file, from its first rows. */
export async function inferColumns(context: EngineContext, path: string): Promise<readonly InferredColumn[]> {
  const file = resolve(path)
  return withDuckDb(context, { readable: [file] }, async ({ connection }) => {
    const sql = `SUMMARIZE SELECT * FROM (FROM ${readerOf(file)} LIMIT 10000)`
    const described = await queryRows(connection, sql, Described)
    return described.map(({ column_name: name, column_type: type, null_percentage: missing }) => ({
      name,
      type: typeOf(type),
      nullable: Number(missing) > 0,
    }))
  })
}

function readerOf(file: string): string {
  const name = file.replace(/\.gz$/, '')
  if (extname(name) === '.parquet') return `read_parquet(${sqlText(file)})`
  if (['.jsonl', '.ndjson', '.json'].includes(extname(name))) return `read_json_auto(${sqlText(file)})`
  return `read_csv_auto(${sqlText(file)})`
}

function typeOf(duckDbType: string): InferredColumn['type'] {
  if (/INT/.test(duckDbType)) return 'integer'
  if (/^(DOUBLE|FLOAT|DECIMAL|REAL)/.test(duckDbType)) return 'number'
  if (duckDbType === 'BOOLEAN') return 'boolean'
  if (duckDbType.startsWith('TIMESTAMP')) return 'timestamp'
  return duckDbType === 'DATE' ? 'date' : 'string'
}
