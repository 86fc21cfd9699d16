/** Opens a staged file as rows, whatever its format. What cannot be opened rejects with `UnreadableSource`. */
import { join } from 'node:path'
import { z } from 'zod'
import { RefitError, unreachable } from '../../errors.js'
import type { DuckDb } from '../engine/context.js'
import { parquetRows, queryRows } from '../engine/query.js'
import { sqlList, sqlName, sqlText } from '../engine/sql.js'
import type { BatchFormat } from './batch-format.js'
import { readCsvHeader } from './csv-header.js'
import { decodeText, type TextEncoding, type TextFile } from './decode-text.js'
import { csvCutter, jsonLineCutter, LONGEST_RECORD_BYTES, NEVER_IN_JSON, QUOTE } from './record-cutter.js'
import { splitRecords } from './split-records.js'
import { unpackFile } from './unpack-file.js'

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
  /** How text is encoded that has no byte order mark. */
  readonly encoding: TextEncoding
  readonly signal?: AbortSignal | undefined
}

/** Opens a file as rows. */
export async function openRawRows(duckDb: DuckDb, request: OpenRequest): Promise<CountedRows> {
  const { format, signal } = request
  const { kind, compression } = format
  const path = compression === undefined ? request.path : join(duckDb.folder, 'unpacked')
  if (compression !== undefined) await unpackFile({ from: request.path, to: path, compression, signal })
  if (kind === 'parquet') return openParquet(duckDb, { ...request, path })
  const text = await decodeText({ from: path, to: join(duckDb.folder, 'decoded'), encoding: request.encoding, signal })
  switch (kind) {
    case 'csv':
      return openCsv(duckDb, request, text)
    case 'json':
      return openJsonLines(duckDb, request, text)
    default:
      return unreachable(kind)
  }
}

/** JSON lines as raw rows: `lines` is a relation with `_row`, `_line`, `_fault` and `line`. Serving gives requests this way too. */
export function jsonRows(lines: string, columns: readonly string[]): RawRows {
  // A CASE, as AND may look at the type of what is no JSON, and that stops the query.
  const isObject = `CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' END`
  const fault = `CASE WHEN _fault IS NOT NULL THEN _fault WHEN (${isObject}) IS NOT TRUE THEN 'row: json' END`
  const paths = sqlList(columns.map((name) => sqlText(`$."${name}"`)))
  const values = columns.map((name, index) => `_values[${index + 1}] AS ${sqlName(name)}`)
  const parsed = `SELECT *, CASE WHEN _broken IS NULL THEN json_extract_string(line, ${paths}) END AS _values FROM (SELECT *, ${fault} AS _broken FROM (${lines}))`
  return {
    relation: `SELECT _row, _line, _broken AS _fault, CASE WHEN _broken IS NOT NULL THEN line END AS _text, ${values.join(', ')} FROM (${parsed})`,
    types: allText(columns),
  }
}

async function openCsv(
  { folder }: DuckDb,
  { columns, signal }: OpenRequest,
  { path, start }: TextFile,
): Promise<CountedRows> {
  const { names, delimiter, bodyStart, lines } = await readCsvHeader({ path, start }, columns)
  requireColumns(columns, names)
  const to = join(folder, 'records')
  const rowsIn = await splitRecords({
    from: path,
    start: bodyStart,
    linesBefore: lines,
    to,
    shape: { delimiter: delimiter.charCodeAt(0), fields: names.length, quote: QUOTE },
    cutter: csvCutter(delimiter.charCodeAt(0), names.length),
    ending: delimiter.repeat(3),
    separator: delimiter,
    faultRecord: (fault, text) => [...names.map(() => ''), fault, quoted(text), ''].join(delimiter),
    signal,
  })
  const values = columns.map((name) => `f${names.indexOf(name)} AS ${sqlName(name)}`)
  const fault = `f${names.length} AS _fault, f${names.length + 1} AS _text`
  const scan = textScan(to, { delimiter: sqlText(delimiter), quote: '"', fields: names.length + 2 })
  return { relation: `SELECT ${PLACE}, ${fault}, ${values.join(', ')} FROM ${scan}`, types: allText(columns), rowsIn }
}

async function openJsonLines(
  { folder }: DuckDb,
  { columns, signal }: OpenRequest,
  { path, start }: TextFile,
): Promise<CountedRows> {
  const to = join(folder, 'records')
  const separator = String.fromCharCode(NEVER_IN_JSON)
  const rowsIn = await splitRecords({
    from: path,
    start,
    linesBefore: 0,
    to,
    shape: { delimiter: NEVER_IN_JSON, fields: 1, quote: -1 },
    cutter: jsonLineCutter,
    ending: separator.repeat(2),
    separator,
    faultRecord: (fault, text) => [escapeControls(text), fault, ''].join(separator),
    signal,
  })
  const scan = textScan(to, { delimiter: `chr(${NEVER_IN_JSON})`, quote: '', fields: 2 })
  return { ...jsonRows(`SELECT ${PLACE}, f0 AS line, f1 AS _fault FROM ${scan}`, columns), rowsIn }
}

/** A fault in Latin-1 takes two bytes a character, and quoted quotes two more. */
const LONGEST_COPY_BYTES = 5 * LONGEST_RECORD_BYTES

/** The number of a record, and of the line that it begins on. */
const PLACE = '_row, _row + _besides AS _line'

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
    relation: `SELECT file_row_number + 1 AS _row, NULL::BIGINT AS _line, NULL::VARCHAR AS _fault, NULL::VARCHAR AS _text, ${values} FROM read_parquet(${file})`,
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
  const texts = Array.from({ length: fields }, (_, index) => `'f${index}': 'VARCHAR'`)
  const columns = [...texts, "'_row': 'BIGINT'", "'_besides': 'BIGINT'"]
  const options = [
    'auto_detect = false',
    'header = false',
    `delim = ${delimiter}`,
    `quote = ${sqlText(quote)}`,
    `escape = ${sqlText(quote)}`,
    `columns = {${columns.join(', ')}}`,
    String.raw`new_line = '\n'`,
    `max_line_size = ${LONGEST_COPY_BYTES}`,
    // DuckDB would take room for sixteen such lines, and several times.
    `buffer_size = ${2 * LONGEST_COPY_BYTES}`,
  ]
  return `read_csv(${sqlText(file)}, ${options.join(', ')})`
}
