/** Opens a staged file as rows, whatever its format. What cannot be opened rejects with `UnreadableSource`. */
import { join } from 'node:path'
import { z } from 'zod'
import { RefitError, unreachable } from '../errors.js'
import type { BatchFormat } from './batch-format.js'
import type { RawRows } from './checked-rows.js'
import type { DuckDb } from './context.js'
import { readCsvHeader } from './csv-header.js'
import { gunzipFile } from './gunzip-file.js'
import { parquetRows, queryRows } from './query.js'
import { csvCutter, jsonLineCutter, LONGEST_RECORD_BYTES, NEVER_IN_JSON } from './record-cutter.js'
import { splitRecords } from './split-records.js'
import { sqlList, sqlName, sqlText } from './sql.js'

/** Rows with their number, which is counted apart from reading them: from the bytes of text files, else from the footer. */
export interface CountedRows extends RawRows {
  readonly rowsIn: number
}

/** What to open. */
export interface OpenRequest {
  /** A file in the scratch folder of the instance. */
  readonly path: string
  readonly format: BatchFormat
  /** The columns of the spec. */
  readonly columns: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/** Opens a file as rows. */
export async function openRawRows(duckDb: DuckDb, request: OpenRequest): Promise<CountedRows> {
  const { format, signal } = request
  const path = format.isGzipped ? join(duckDb.folder, 'unpacked') : request.path
  if (format.isGzipped) await gunzipFile(request.path, path, signal)
  switch (format.kind) {
    case 'csv':
      return openCsv(duckDb, { ...request, path })
    case 'json':
      return openJsonLines(duckDb, { ...request, path })
    case 'parquet':
      return openParquet(duckDb, { ...request, path })
    default:
      return unreachable(format.kind)
  }
}

/** JSON lines as raw rows: `lines` is a relation with `_row`, `_fault` and `line`. Serving gives requests this way too. */
export function jsonRows(lines: string, columns: readonly string[]): RawRows {
  // A CASE, as AND may look at the type of what is no JSON, and that stops the query.
  const isObject = `CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' END`
  const fault = `CASE WHEN _fault IS NOT NULL THEN _fault WHEN (${isObject}) IS NOT TRUE THEN 'row: json' END`
  const paths = sqlList(columns.map((name) => sqlText(`$."${name}"`)))
  const values = columns.map((name, index) => `_values[${index + 1}] AS ${sqlName(name)}`)
  const parsed = `SELECT *, CASE WHEN _broken IS NULL THEN json_extract_string(line, ${paths}) END AS _values FROM (SELECT *, ${fault} AS _broken FROM (${lines}))`
  return {
    relation: `SELECT _row, _broken AS _fault, CASE WHEN _broken IS NOT NULL THEN line END AS _text, ${values.join(', ')} FROM (${parsed})`,
    types: allText(columns),
  }
}

async function openCsv({ folder }: DuckDb, { path, columns, signal }: OpenRequest): Promise<CountedRows> {
  const { names, delimiter, bodyStart } = await readCsvHeader(path, columns)
  requireColumns(columns, names)
  const to = join(folder, 'records')
  const rowsIn = await splitRecords({
    from: path,
    start: bodyStart,
    to,
    cutter: csvCutter(delimiter.charCodeAt(0), names.length),
    ending: `${delimiter}${delimiter}\n`,
    faultRecord: (fault, text) => `${[...names.map(() => ''), fault, quoted(text)].join(delimiter)}\n`,
    signal,
  })
  const fields = [
    ...columns.map((name) => [names.indexOf(name), name] as const),
    [names.length, '_fault'] as const,
    [names.length + 1, '_text'] as const,
  ]
  const values = fields.map(([index, name]) => `f${index} AS ${sqlName(name)}`)
  const scan = textScan(to, { delimiter: sqlText(delimiter), quote: '"', fields: names.length + 2 })
  return { relation: `SELECT _row, ${values.join(', ')} FROM ${scan}`, types: allText(columns), rowsIn }
}

async function openJsonLines({ folder }: DuckDb, { path, columns, signal }: OpenRequest): Promise<CountedRows> {
  const to = join(folder, 'records')
  const separator = String.fromCharCode(NEVER_IN_JSON)
  const rowsIn = await splitRecords({
    from: path,
    start: 0,
    to,
    cutter: jsonLineCutter,
    ending: `${separator}\n`,
    faultRecord: (fault, text) => `${escapeControls(text)}${separator}${fault}\n`,
    signal,
  })
  const scan = textScan(to, { delimiter: `chr(${NEVER_IN_JSON})`, quote: '', fields: 2 })
  return { ...jsonRows(`SELECT _row, f0 AS line, f1 AS _fault FROM ${scan}`, columns), rowsIn }
}

/** The two characters that would end the field or the record, as JSON writes them. */
const escapeControls = (text: string): string =>
  text.replaceAll(String.fromCharCode(NEVER_IN_JSON), String.raw`\u0001`).replaceAll('\r', String.raw`\r`)

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`

const allText = (columns: readonly string[]): ReadonlyMap<string, string> =>
  new Map(columns.map((name) => [name, 'VARCHAR']))

async function openParquet({ connection }: DuckDb, { path, columns }: OpenRequest): Promise<CountedRows> {
  const file = sqlText(path)
  const found = await queryRows(
    connection,
    `DESCRIBE SELECT * FROM read_parquet(${file})`,
    z.object({ column_name: z.string(), column_type: z.string() }),
  ).catch((thrown: unknown) => {
    throw new RefitError('UnreadableSource', 'not a whole Parquet file', { cause: thrown })
  })
  requireColumns(
    columns,
    found.map(({ column_name }) => column_name),
  )
  const values = columns.map(sqlName).join(', ')
  return {
    relation: `SELECT file_row_number + 1 AS _row, NULL::VARCHAR AS _fault, NULL::VARCHAR AS _text, ${values} FROM read_parquet(${file})`,
    types: new Map(found.map(({ column_name, column_type }) => [column_name, column_type])),
    rowsIn: await parquetRows(connection, path),
  }
}

function requireColumns(wanted: readonly string[], found: readonly string[]): void {
  const missing = wanted.filter((name) => !found.includes(name))
  const twice = wanted.filter((name) => found.indexOf(name) !== found.lastIndexOf(name))
  if (missing.length === 0 && twice.length === 0) return
  const problems = [
    ...(missing.length === 0 ? [] : [`missing column ${missing.join(', ')}`]),
    ...(twice.length === 0 ? [] : [`column ${twice.join(', ')} is there twice`]),
  ]
  throw new RefitError('UnreadableSource', `${problems.join('; ')}; found ${found.slice(0, 50).join(', ')}`)
}

/** Everything is said and nothing is sniffed: a guess that differs between two files would change what a row is. */
function textScan(
  file: string,
  { delimiter, quote, fields }: { delimiter: string; quote: string; fields: number },
): string {
  const columns = Array.from({ length: fields }, (_, index) => `'f${index}': 'VARCHAR'`)
  const options = [
    'auto_detect = false',
    'header = false',
    `delim = ${delimiter}`,
    `quote = ${sqlText(quote)}`,
    `escape = ${sqlText(quote)}`,
    `columns = {${columns.join(', ')}}`,
    String.raw`new_line = '\n'`,
    // A fault in Latin-1 takes two bytes a character, and quoted quotes two more.
    `max_line_size = ${5 * LONGEST_RECORD_BYTES}`,
  ]
  return `(SELECT row_number() OVER () AS _row, * FROM read_csv(${sqlText(file)}, ${options.join(', ')}))`
}
