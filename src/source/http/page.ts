/** One page of an API: its records as they came, and what it says of the next one. */
import { isUtf8 } from 'node:buffer'
import { unreachable } from '../../errors.js'
import type { Answer } from './ask.js'
import { readJsonPage, type TextValue, valueAt } from './json-text.js'
import { nextLink } from './link-header.js'

/** A page. */
export interface Page {
  /** Each on one line, without its end; numbers have the digits that came. */
  readonly records: readonly Buffer[]
  /** Cursor, absolute address or last value that leads on; `undefined` on the last page. */
  readonly next: string | undefined
}

/** How an API leads from one page to the next. */
export type Paging =
  /** A page names a cursor, which a parameter sends: `field` of the page, or of NDJSON the header of this name. */
  | { readonly kind: 'cursor'; readonly parameter: string; readonly field: string }
  /** A page names the address of the next one: `field` of the page, or its Link header with rel="next". */
  | { readonly kind: 'link'; readonly field?: string | undefined }
  /** A parameter sends `field` of the last record, and what comes after it is answered. */
  | { readonly kind: 'lastValue'; readonly parameter: string; readonly field: string }

/** What a page is read by. */
export interface PageOptions {
  readonly format: 'json' | 'ndjson'
  /** Path of the array in a JSON page; the page is the array without it. */
  readonly records?: string | undefined
  readonly paging: Paging
}

const LF = 0x0a
const CR = 0x0d

/** Reads an answer as a page. Throws an `Error` that says why it is none. */
export function readPage(answer: Answer, options: PageOptions): Page {
  const { paging, format } = options
  const { records, value } = format === 'json' ? jsonRecords(answer, options) : ndjsonRecords(answer)
  switch (paging.kind) {
    case 'cursor': {
      const next = format === 'json' ? nextIn(value, paging.field) : answer.headers.get(paging.field)
      return { records, next: next || undefined }
    }
    case 'link': {
      const { field } = paging
      const target = field === undefined ? nextLink(answer.headers.get('link')) : nextIn(value, field)
      return { records, next: target ? new URL(target, answer.url).href : undefined }
    }
    case 'lastValue': {
      const last = records.at(-1)
      return { records, next: last === undefined ? undefined : pagingValue(last, paging.field) }
    }
    default:
      return unreachable(paging)
  }
}

/** The value of a field of a record, as it is sent. Throws an `Error` when it is neither text nor a number. */
export function pagingValue(record: Buffer, field: string): string {
  const value = valueAt(record.toString(), field)
  if (value !== undefined && value.text !== '') return value.text
  throw new Error(`a record has no text or number "${field}", by which the next page is asked for`)
}

interface Read {
  readonly records: readonly Buffer[]
  /** What leads on, where a JSON page says it. */
  readonly value?: TextValue | undefined
}

function jsonRecords({ body, status }: Answer, { records: arrayPath = '', paging }: PageOptions): Read {
  if (status === 204) return { records: [] }
  if (!isUtf8(body)) throw new Error('it is not UTF-8')
  // The decoder drops a byte order mark, which JSON does not have.
  const text = new TextDecoder().decode(body)
  const valuePath = paging.kind === 'lastValue' ? undefined : paging.field
  const { elements, value } = readJsonPage(text, { arrayPath, valuePath })
  if (elements !== undefined) return { records: elements.map(oneLine), value }
  const missing =
    arrayPath === '' ? 'it is no array: name its place in data.source.records' : `it has no array "${arrayPath}"`
  throw new Error(missing)
}

/** Line breaks stand between the tokens of JSON only, never within one. */
const oneLine = (text: string): Buffer => Buffer.from(text.replaceAll(/[\r\n]+/g, ' '))

function nextIn(value: TextValue | undefined, field: string): string | undefined {
  if (value === undefined || value.kind === 'null') return undefined
  if (value.kind === 'string' || value.kind === 'number') return value.text
  throw new Error(`its "${field}", which leads to the next page, is neither text nor a number`)
}

/** The lines that are not empty, as they came: a line that is no JSON breaks no other. */
function ndjsonRecords({ body, headers }: Answer): Read {
  // Without either, a connection that was cut at the end of a line looks like the end of the page.
  if (!headers.has('content-length') && !headers.has('transfer-encoding') && body.length > 0) {
    throw new Error('nothing tells where it ends; the server must send Content-Length or Transfer-Encoding')
  }
  const records: Buffer[] = []
  for (let start = bomLength(body); start < body.length; ) {
    const lineFeed = body.indexOf(LF, start)
    const end = lineFeed === -1 ? body.length : lineFeed
    const line = body.subarray(start, end > start && body[end - 1] === CR ? end - 1 : end)
    if (lineFeed === -1) requireWhole(line)
    if (line.length > 0) records.push(line)
    start = end + 1
  }
  return { records }
}

const bomLength = (body: Buffer): number => (body.subarray(0, 3).equals(Buffer.from('\ufeff')) ? 3 : 0)

function requireWhole(line: Buffer): void {
  try {
    JSON.parse(line.toString())
  } catch (thrown) {
    throw new Error('its last line is not whole', { cause: thrown })
  }
}
