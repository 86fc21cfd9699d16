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
import { type FileHandle, open } from 'node:fs/promises'
import { type Cut, type Cutter, LONGEST_RECORD_BYTES, type TextChunk, textChunk } from './record-cutter.js'
import { DecimalCounter, NOT_COPIED, RecordPage, type RecordShape } from './record-page.js'

/** What is split, and where to. */
export interface SplitRequest {
  readonly from: string
  /** Position of the first record: after the header, if there is one. */
  readonly start: number
  /** Lines above the first record. */
  readonly linesBefore: number
  readonly to: string
  /** What a record is made of that needs no closer look; the cutter says what becomes of others. */
  readonly shape: RecordShape
  readonly cutter: Cutter
  /** What follows a sound record, up to its number. */
  readonly ending: string
  /** What stands between the number of a record and the number of lines. */
  readonly separator: string
  /** The record for a fault, up to its number. Bytes that are no UTF-8 are given as Latin-1. */
  readonly faultRecord: (fault: string, text: string) => string
  readonly signal?: AbortSignal | undefined
}

const LF = 0x0a

/** Bytes that are read at a time: few enough to stay in the processor's memory while they are looked at several times. */
const CHUNK_BYTES = 1 << 20

/** Splits a file and gives the number of its records. */
export async function splitRecords(request: SplitRequest): Promise<number> {
  const input = await open(request.from)
  try {
    const output = await open(request.to, 'w')
    try {
      return await split(request, input, output)
    } finally {
      await output.close()
    }
  } finally {
    await input.close()
  }
}

/** The same buffers are used again for each chunk: fresh ones would cost more than what is done with them. */
async function split(request: SplitRequest, input: FileHandle, output: FileHandle): Promise<number> {
  const splitter = new Splitter(request)
  // What a chunk leaves over is never more than a record, and the last line may lack its end.
  const buffer = Buffer.allocUnsafe(LONGEST_RECORD_BYTES + CHUNK_BYTES + 1)
  let position = request.start
  let rest = 0
  for (;;) {
    request.signal?.throwIfAborted()
    const { bytesRead } = await input.read(buffer, rest, CHUNK_BYTES, position)
    position += bytesRead
    const isLast = bytesRead === 0
    // With an end, a record that ends nowhere is one with an open quote.
    if (isLast && rest > 0) buffer[rest++] = LF
    const bytes = buffer.subarray(0, rest + bytesRead)
    const left = splitter.take(textChunk(bytes, isLast))
    await writeAll(output, splitter.page.written())
    if (isLast) return splitter.records
    bytes.copyWithin(0, bytes.length - left)
    rest = left
  }
}

async function writeAll(output: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await output.write(bytes, at)).bytesWritten
}

class Splitter {
  records = 0
  /** What was copied of the chunk that was taken last. */
  readonly page = new RecordPage(CHUNK_BYTES)
  /** `records` as it is written. */
  readonly #number = new DecimalCounter()
  /** Lines above the next record that are not records of one line, and what follows a number for it. */
  #besides = 0
  #place: Buffer | undefined
  readonly #ending: Buffer

  constructor(readonly request: SplitRequest) {
    this.#ending = Buffer.from(request.ending)
    this.#pass(request.linesBefore)
  }

  /** Copies the records that end in these bytes to the page, and tells how many bytes are left. */
  take(chunk: TextChunk): number {
    const { page, request } = this
    const { bytes, isClean } = chunk
    page.clear()
    let start = 0
    while (start < bytes.length) {
      if (bytes[start] === LF) {
        this.#pass(1)
        start++
        continue
      }
      const next = isClean ? page.copyRecord(bytes, start, request.shape) : NOT_COPIED
      if (next !== NOT_COPIED) {
        page.append(this.#ending)
        this.#endRecord()
        if (page.breaks > 0) this.#pass(page.breaks)
        start = next
        continue
      }
      const cut = request.cutter(chunk, start)
      if (cut === undefined) break
      if (cut.end > start) this.#cut(bytes.subarray(start, cut.end), cut)
      else this.#pass(1)
      start = cut.next
    }
    return Math.max(bytes.length - start, 0)
  }

  #cut(record: Buffer, { fault, breaks }: Cut): void {
    this.page.append(fault === null ? record : Buffer.from(this.request.faultRecord(fault, textOf(record))))
    if (fault === null) this.page.append(this.#ending)
    this.#endRecord()
    if (breaks > 0) this.#pass(breaks)
  }

  #endRecord(): void {
    this.records++
    this.#number.increase()
    this.page.append(this.#number.digits)
    this.#place ??= Buffer.from(`${this.request.separator}${this.#besides}\n`)
    this.page.append(this.#place)
  }

  /** Goes past lines that hold no record of their own. There may be a billion of them, so they are written when one is needed. */
  #pass(lines: number): void {
    this.#besides += lines
    this.#place = undefined
  }
}

const textOf = (record: Buffer): string => record.toString(isUtf8(record) ? 'utf8' : 'latin1')
