/**
 * Copies a text file record by record, so that what DuckDB reads has exactly the counted rows, each with its number:
 *
 * 1. Every record that is not an empty line is counted, here and before any reader judges it.
 * 2. A sound record is copied as it is, with an ending that says so; one that no reader could take is replaced by one that
 *    holds its fault and its text.
 * 3. Each record in the copy ends with its number and the lines that are above it besides records of one line, so that
 *    DuckDB may read in parallel.
 */
import { isUtf8 } from 'node:buffer'
import { once } from 'node:events'
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { type Cut, type Cutter, type TextChunk, textChunk } from './record-cutter.js'

/** What is split, and where to. */
export interface SplitRequest {
  readonly from: string
  /** Position of the first record: after the header, if there is one. */
  readonly start: number
  /** Lines above the first record. */
  readonly linesBefore: number
  readonly to: string
  readonly cutter: Cutter
  /** What follows a sound record, up to its number. */
  readonly ending: string
  /** What stands between the number of a record and the number of lines. */
  readonly separator: string
  /** The record for a fault, up to its number. Bytes that are no UTF-8 are given as Latin-1. */
  readonly faultRecord: (fault: string, text: string) => string
  readonly signal?: AbortSignal | undefined
}

/** Large enough that a whole record fits several times, small enough for a worker with many activities. */
const CHUNK_BYTES = 4 << 20
/** What an ending and two numbers can take. */
const MOST_ENDING_BYTES = 64

const LF = 0x0a
const ZERO = 0x30

/** Splits a file and gives the number of its records. */
export async function splitRecords(request: SplitRequest): Promise<number> {
  const output = createWriteStream(request.to)
  const splitter = new Splitter(request, output)
  let rest: Buffer = Buffer.alloc(0)
  const { start, signal } = request
  for await (const chunk of createReadStream(request.from, { start, highWaterMark: CHUNK_BYTES, signal })) {
    rest = await splitter.take(textChunk(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), false))
  }
  // The last line may lack its end: with it, a record that ends nowhere is one with an open quote.
  await splitter.take(textChunk(rest.length === 0 ? rest : Buffer.concat([rest, Buffer.from('\n')]), true))
  await finished(output.end())
  return splitter.records
}

class Splitter {
  records = 0
  /** Lines above the next record that are not records of one line. */
  #besides: number
  readonly #ending: Buffer
  readonly #separator: Buffer

  constructor(
    readonly request: SplitRequest,
    readonly output: WriteStream,
  ) {
    this.#besides = request.linesBefore
    this.#ending = Buffer.from(request.ending)
    this.#separator = Buffer.from(request.separator)
  }

  /** Writes the records that end in these bytes and gives back the rest. */
  async take(chunk: TextChunk): Promise<Buffer> {
    const { bytes } = chunk
    const page = new Page(bytes.length)
    let start = 0
    while (start < bytes.length) {
      const cut = this.request.cutter(chunk, start)
      if (cut === undefined) break
      if (cut.end > start) this.#copy(page, bytes, start, cut)
      else this.#besides++
      start = cut.next
    }
    const body = page.written()
    if (body.length > 0 && !this.output.write(body)) await once(this.output, 'drain')
    return bytes.subarray(start)
  }

  #copy(page: Page, bytes: Buffer, start: number, { end, fault, breaks }: Cut): void {
    this.records++
    if (fault === null) {
      page.append(bytes, start, end)
      page.append(this.#ending, 0, this.#ending.length)
    } else {
      const record = Buffer.from(this.request.faultRecord(fault, textOf(bytes.subarray(start, end))))
      page.append(record, 0, record.length)
    }
    page.appendNumber(this.records)
    page.append(this.#separator, 0, this.#separator.length)
    page.appendNumber(this.#besides)
    page.appendByte(LF)
    this.#besides += breaks
  }
}

const textOf = (record: Buffer): string => record.toString(isUtf8(record) ? 'utf8' : 'latin1')

/** Bytes that grow. Records are a few dozen bytes: a loop copies them faster than a call does. */
class Page {
  #bytes: Buffer
  #end = 0

  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(expected + (expected >> 1) + MOST_ENDING_BYTES)
  }

  written(): Buffer {
    return this.#bytes.subarray(0, this.#end)
  }

  append(from: Buffer, start: number, end: number): void {
    this.#reserve(end - start)
    const bytes = this.#bytes
    let to = this.#end
    for (let at = start; at < end; at++) bytes[to++] = from[at] ?? 0
    this.#end = to
  }

  appendByte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#end++] = byte
  }

  appendNumber(number: number): void {
    this.#reserve(MOST_ENDING_BYTES)
    let digits = 1
    for (let power = 10; power <= number; power *= 10) digits++
    let left = number
    for (let at = this.#end + digits - 1; at >= this.#end; at--) {
      const tenth = Math.floor(left / 10)
      this.#bytes[at] = ZERO + left - 10 * tenth
      left = tenth
    }
    this.#end += digits
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(2 * this.#bytes.length + bytes)
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}
