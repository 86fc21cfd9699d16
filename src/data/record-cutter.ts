/** Where records of text files end: the independent count of rows that the accounting rests on. */
import { isUtf8 } from 'node:buffer'
import { RefitError } from '../errors.js'

/**
 * One record: `end` is after its last byte, `next` at the record that follows; `fault` tells why it is no row that can
 * be read.
 */
export interface Cut {
  readonly end: number
  readonly next: number
  readonly fault: string | null
}

/**
 * Finds the end of the record that begins at `start`; `undefined` when the bytes end before it and `isLast` says that
 * more will come.
 */
export type Cutter = (bytes: Buffer, start: number, isLast: boolean) => Cut | undefined

/** No row is longer; a quote that nobody closed would otherwise swallow the rest of the file. */
export const LONGEST_RECORD_BYTES = 1 << 20

const LF = 0x0a
const CR = 0x0d
const QUOTE = 0x22

/** A byte that no JSON text holds as it is, so it separates nothing that is a row. */
export const NEVER_IN_JSON = 0x01

/**
 * Cuts CSV as RFC 4180 has it: a field that begins with a quote ends with one, two quotes within are one, and line
 * breaks within quotes belong to the field. A record that breaks this (`row: quotes`, a carriage return by itself included)
 * is one line, and the next line begins afresh.
 */
export function csvCutter(delimiter: number, fields: number): Cutter {
  return (bytes, start, isLast) => {
    const record = scanCsv(bytes, start, delimiter)
    if (record.kind === 'open' && !isLast && bytes.length - start <= LONGEST_RECORD_BYTES) return undefined
    if (record.kind !== 'whole') return cutLine(bytes, start, isLast, 'row: quotes')
    const fault = record.fields === fields ? null : 'row: fields'
    return finish(bytes, { start, end: record.end, fault })
  }
}

/**
 * Cuts at line feeds. A carriage return within a line is white space to JSON and a line break to DuckDB, so such a line
 * is not read.
 */
export const jsonLineCutter: Cutter = (bytes, start, isLast) => {
  const cut = cutLine(bytes, start, isLast, null)
  if (cut === undefined) return undefined
  const line = bytes.subarray(start, cut.end)
  return line.includes(NEVER_IN_JSON) || line.includes(CR) ? { ...cut, fault: 'row: json' } : cut
}

/** What a scan found: a whole record, one that goes on beyond the bytes, or one that breaks the rules of quotes. */
type Scan =
  | { readonly kind: 'whole'; readonly end: number; readonly fields: number }
  | { readonly kind: 'open' | 'broken' }

function scanCsv(bytes: Buffer, start: number, delimiter: number): Scan {
  let at = start
  for (let fields = 1; ; fields++) {
    const isQuoted = bytes[at] === QUOTE
    at = isQuoted ? afterQuoted(bytes, at) : afterPlain(bytes, at, delimiter)
    // A quote in the last byte may be the first of two.
    if (at >= bytes.length) return { kind: 'open' }
    // Only as part of a line break: by itself, DuckDB would end the row here.
    const isReturn = bytes[at] === CR
    if (isReturn) at++
    if (bytes[at] === LF) return { kind: 'whole', end: at, fields }
    if (at >= bytes.length) return { kind: 'open' }
    if (isReturn || bytes[at] !== delimiter) return { kind: 'broken' }
    at++
  }
}

function afterPlain(bytes: Buffer, start: number, delimiter: number): number {
  let at = start
  while (at < bytes.length && bytes[at] !== delimiter && bytes[at] !== LF && bytes[at] !== CR) at++
  return at
}

function afterQuoted(bytes: Buffer, start: number): number {
  let at = start + 1
  for (;;) {
    at = bytes.indexOf(QUOTE, at)
    if (at === -1 || at + 1 >= bytes.length) return bytes.length
    if (bytes[at + 1] !== QUOTE) return at + 1
    at += 2
  }
}

function cutLine(bytes: Buffer, start: number, isLast: boolean, fault: string | null): Cut | undefined {
  const end = bytes.indexOf(LF, start)
  if (end !== -1) return finish(bytes, { start, end, fault })
  if (isLast) return finish(bytes, { start, end: bytes.length, fault })
  if (bytes.length - start <= LONGEST_RECORD_BYTES) return undefined
  throw new RefitError(
    'UnreadableSource',
    `a row is longer than ${LONGEST_RECORD_BYTES} bytes, or lines do not end with a line feed`,
  )
}

/** Takes a carriage return off the end, and looks for what no text may hold. */
function finish(bytes: Buffer, { start, end, fault }: { start: number; end: number; fault: string | null }): Cut {
  const last = end > start && bytes[end - 1] === CR ? end - 1 : end
  const record = bytes.subarray(start, last)
  return { end: last, next: end + 1, fault: fault ?? (isUtf8(record) ? null : 'row: encoding') }
}
