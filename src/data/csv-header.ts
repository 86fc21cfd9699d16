import { open } from 'node:fs/promises'
import { RefitError } from '../errors.js'

/** The first line of a CSV file. */
export interface CsvHeader {
  readonly names: readonly string[]
  readonly delimiter: string
  /** Position of the first record. */
  readonly bodyStart: number
}

/** A header has names, not data: a first line beyond this is no header. */
const LONGEST_HEADER_BYTES = 1 << 20

const DELIMITERS = [',', ';', '\t', '|'] as const

/**
 * Reads the header. The delimiter is the one with which the header names most of the wanted columns. Rejects with
 * `UnreadableSource` when there is no header that can be read.
 */
export async function readCsvHeader(path: string, wanted: readonly string[]): Promise<CsvHeader> {
  const bytes = await readStart(path)
  if (bytes.length === 0) throw unreadable('the file is empty: expected a header line')
  if (bytes[0] === 0xff || bytes[0] === 0xfe) throw unreadable('the file is UTF-16: expected UTF-8')
  const mark = bytes.indexOf('\uFEFF') === 0 ? 3 : 0
  const lineEnd = bytes.indexOf('\n')
  if (lineEnd === -1 && bytes.length === LONGEST_HEADER_BYTES)
    throw unreadable('the first line is no header: it is too long')
  const end = lineEnd === -1 ? bytes.length : lineEnd
  const line = bytes.toString('utf8', mark, end).replace(/\r$/, '')
  const [best] = DELIMITERS.map((delimiter) => ({ delimiter, names: splitHeader(line, delimiter) })).sort(
    (one, other) => countWanted(other.names, wanted) - countWanted(one.names, wanted),
  )
  if (best === undefined) throw unreadable('the file has no header')
  return { ...best, bodyStart: Math.min(end + 1, bytes.length) }
}

async function readStart(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_HEADER_BYTES), 0, LONGEST_HEADER_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

const splitHeader = (line: string, delimiter: string): readonly string[] =>
  line.split(delimiter).map((field) =>
    field
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .replaceAll('""', '"'),
  )

const countWanted = (names: readonly string[], wanted: readonly string[]): number =>
  wanted.filter((name) => names.includes(name)).length

const unreadable = (reason: string): RefitError => new RefitError('UnreadableSource', reason)
