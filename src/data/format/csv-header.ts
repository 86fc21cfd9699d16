import { open } from 'node:fs/promises'
import { RefitError } from '../../errors.js'
import type { TextFile } from './decode-text.js'
import { csvCutter, textChunk } from './record-cutter.js'

/** The first record of a CSV file. */
export interface CsvHeader {
  readonly names: readonly string[]
  readonly delimiter: string
  /** Position of the first record of data. */
  readonly bodyStart: number
  /** Lines that the header takes. */
  readonly lines: number
}

/** A header has names, not data: a first record beyond this is no header. */
const LONGEST_HEADER_BYTES = 1 << 20

const DELIMITERS = [',', ';', '\t', '|'] as const

const LF = 0x0a

/**
 * Reads the header. The delimiter is the one with which the header names most of the wanted columns. Rejects with
 * `UnreadableSource` when there is no header that can be read.
 */
export async function readCsvHeader({ path, start }: TextFile, wanted: readonly string[]): Promise<CsvHeader> {
  const bytes = await readBytes(path, start)
  if (bytes.length === 0) throw unreadable('the file is empty: expected a header line')
  const [best] = DELIMITERS.map((delimiter) => parseHeader(bytes, delimiter)).sort(
    (one, other) => countWanted(other.names, wanted) - countWanted(one.names, wanted),
  )
  if (best === undefined) throw unreadable('the file has no header')
  return { ...best, bodyStart: start + best.bodyStart }
}

async function readBytes(path: string, start: number): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_HEADER_BYTES), 0, LONGEST_HEADER_BYTES, start)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function parseHeader(bytes: Buffer, delimiter: string): CsvHeader {
  const isLast = bytes.length < LONGEST_HEADER_BYTES
  const whole = csvCutter(delimiter.charCodeAt(0), 1)(textChunk(bytes, isLast), 0)
  if (whole === undefined) throw unreadable('the first line is no header: it is too long')
  const text = bytes.toString('utf8', 0, whole.end)
  if (text.includes('\0')) throw unreadable('the header has NUL bytes: UTF-16 needs a byte order mark')
  // By the old Macintosh's line ends, all the file is one line.
  if (whole.fault === 'row: lineEnd') throw unreadable('lines end with a carriage return alone: expected a line feed')
  const bodyStart = Math.min(whole.next, bytes.length)
  const names = splitFields(text, delimiter)
  return { names, delimiter, bodyStart, lines: bytes.subarray(0, bodyStart).filter((byte) => byte === LF).length }
}

/** Fields without their quotes; a delimiter within quotes is part of a name. */
function splitFields(text: string, delimiter: string): readonly string[] {
  const fields: string[] = []
  let open: string | undefined
  for (const piece of text.split(delimiter)) {
    const field: string = open === undefined ? piece : `${open}${delimiter}${piece}`
    const isOpen = field.split('"').length % 2 === 0
    open = isOpen ? field : undefined
    if (!isOpen) fields.push(unquote(field))
  }
  return open === undefined ? fields : [...fields, unquote(open)]
}

const unquote = (field: string): string =>
  field
    .trim()
    .replace(/^"(.*)"$/s, '$1')
    .replaceAll('""', '"')

const countWanted = (names: readonly string[], wanted: readonly string[]): number =>
  wanted.filter((name) => names.includes(name)).length

const unreadable = (reason: string): RefitError => new RefitError('UnreadableSource', reason)
