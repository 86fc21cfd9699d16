/** Where records of text files end: the independent count of rows that the accounting rests on. */
import { isUtf8 } from 'node:buffer'
import { RefitError } from '../../errors.js'

/** Bytes to cut, and what is known of all of them, so that it need not be asked of each record. */
export interface TextChunk {
  readonly bytes: Buffer
  /** Whether the file ends here. */
  readonly isLast: boolean
  /** Whether each line that ends in the chunk is UTF-8 without NUL and {@link NEVER_IN_JSON}. */
  readonly isClean: boolean
}

/**
 * One record: `end` is after its last byte, `next` at the record that follows; `fault` tells why it is no row that can
 * be read.
 */
export interface Cut {
  readonly end: number
  readonly next: number
  /** Line feeds within the record. */
  readonly breaks: number
  readonly fault: string | null
}

/** Finds the end of the record that begins at `start`; `undefined` when the chunk ends before it and is not the last. */
export type Cutter = (chunk: TextChunk, start: number) => Cut | undefined

/** No row is longer; a quote that nobody closed would otherwise swallow the rest of the file. */
export const LONGEST_RECORD_BYTES = 1 << 20

const LF = 0x0a
const CR = 0x0d

/** Begins and ends a field of CSV that may hold line ends and delimiters. */
export const QUOTE = 0x22

/** A byte that no JSON text holds as it is, so it separates nothing that is a row. */
export const NEVER_IN_JSON = 0x01

/** Looks over bytes once: the scans are native, which spares most files a closer look at every record. */
export function textChunk(bytes: Buffer, isLast: boolean): TextChunk {
  const lines = isLast ? bytes : bytes.subarray(0, bytes.lastIndexOf(LF) + 1)
  return { bytes, isLast, isClean: isUtf8(lines) && !lines.includes(0) && !lines.includes(NEVER_IN_JSON) }
}

/**
 * Cuts CSV as RFC 4180 has it: a field that begins with a quote ends with one, two quotes within are one, and line
 * breaks within quotes belong to the field. A record that breaks this (`row: quotes`, or `row: lineEnd` for a carriage
 * return by itself) is one line, and the next line begins afresh.
 */
export function csvCutter(delimiter: number, fields: number): Cutter {
  return (chunk, start) => {
    const { bytes, isLast } = chunk
    const record = scanCsv(bytes, start, delimiter)
    if (record.kind === 'open' && !isLast && bytes.length - start <= LONGEST_RECORD_BYTES) return undefined
    if (record.kind === 'whole') {
      const fault = record.fields === fields ? null : 'row: fields'
      return finish(chunk, { start, end: record.end, breaks: record.breaks, fault })
    }
    return cutLine(chunk, start, record.kind === 'return' ? 'row: lineEnd' : 'row: quotes')
  }
}

/**
 * Cuts at line feeds. A carriage return within a line is white space to JSON and a line break to DuckDB, so such a line
 * is not read.
 */
export const jsonLineCutter: Cutter = (chunk, start) => {
  const cut = cutLine(chunk, start, null)
  if (cut === undefined || cut.fault !== null) return cut
  const line = chunk.bytes.subarray(start, cut.end)
  return (!chunk.isClean && line.includes(NEVER_IN_JSON)) || line.includes(CR) ? { ...cut, fault: 'row: json' } : cut
}

/**
 * What a scan found: a whole record, one that goes on beyond the bytes, one that breaks the rules of quotes, or one with a
 * carriage return by itself.
 */
type Scan =
  | { readonly kind: 'whole'; readonly end: number; readonly fields: number; readonly breaks: number }
  | { readonly kind: 'open' | 'broken' | 'return' }

function scanCsv(bytes: Buffer, start: number, delimiter: number): Scan {
  let at = start
  let breaks = 0
  for (let fields = 1; ; fields++) {
    const from = at
    const isQuoted = bytes[at] === QUOTE
    at = isQuoted ? afterQuoted(bytes, at) : afterPlain(bytes, at, delimiter)
    if (isQuoted) breaks += countBreaks(bytes, from, at)
    // A quote in the last byte may be the first of two.
    if (at >= bytes.length) return { kind: 'open' }
    // Only as part of a line break: by itself, DuckDB would end the row here.
    const isReturn = bytes[at] === CR
    if (isReturn) at++
    if (bytes[at] === LF) return { kind: 'whole', end: at, fields, breaks }
    if (at >= bytes.length) return { kind: 'open' }
    if (isReturn) return { kind: 'return' }
    if (bytes[at] !== delimiter) return { kind: 'broken' }
    at++
  }
}

function afterPlain(bytes: Buffer, start: number, delimiter: number): number {
  let at = start
  const end = bytes.length
  while (at < end && bytes[at] !== delimiter && bytes[at] !== LF && bytes[at] !== CR) at++
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

function countBreaks(bytes: Buffer, start: number, end: number): number {
  let breaks = 0
  for (let at = start; at < end; at++) if (bytes[at] === LF) breaks++
  return breaks
}

function cutLine(chunk: TextChunk, start: number, fault: string | null): Cut | undefined {
  const { bytes, isLast } = chunk
  const end = bytes.indexOf(LF, start)
  if (end !== -1) return finish(chunk, { start, end, breaks: 0, fault })
  if (isLast) return finish(chunk, { start, end: bytes.length, breaks: 0, fault })
  if (bytes.length - start <= LONGEST_RECORD_BYTES) return undefined
  throw new RefitError(
    'UnreadableSource',
    `a row is longer than ${LONGEST_RECORD_BYTES} bytes, or lines do not end with a line feed`,
  )
}

/** Takes a carriage return off the end, and looks for what no text may hold. */
function finish(chunk: TextChunk, record: Omit<Cut, 'next'> & { readonly start: number }): Cut {
  const { bytes, isClean } = chunk
  const { start, end, breaks, fault } = record
  const last = end > start && bytes[end - 1] === CR ? end - 1 : end
  return {
    end: last,
    next: end + 1,
    breaks,
    fault: (isClean ? null : faultOfText(bytes.subarray(start, last))) ?? fault,
  }
}

function faultOfText(record: Buffer): string | null {
  if (record.includes(0)) return 'row: nul'
  return isUtf8(record) ? null : 'row: encoding'
}
