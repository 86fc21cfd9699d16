/**
 * Copies a text file record by record, so that what DuckDB reads has exactly the counted rows, in their order:
 *
 * 1. Every record that is not an empty line is counted, here and before any reader judges it.
 * 2. A sound record is copied as it is, with an ending that says so; one that no reader could take is replaced by one that
 *    holds its fault and its text. So the number of a row in the copy is its number in the source.
 */
import { isUtf8 } from 'node:buffer'
import { once } from 'node:events'
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { Cutter } from './record-cutter.js'

/** What is split, and where to. */
export interface SplitRequest {
  readonly from: string
  /** Position of the first record: after the header, if there is one. */
  readonly start: number
  readonly to: string
  readonly cutter: Cutter
  /** What follows a sound record, with its line feed. */
  readonly ending: string
  /** The record for a fault, with its line feed. Bytes that are no UTF-8 are given as Latin-1. */
  readonly faultRecord: (fault: string, text: string) => string
  readonly signal?: AbortSignal | undefined
}

/** Large enough that a whole record fits several times, small enough for a worker with many activities. */
const CHUNK_BYTES = 4 << 20

/** Splits a file and gives the number of its records. */
export async function splitRecords(request: SplitRequest): Promise<number> {
  const output = createWriteStream(request.to)
  const splitter = new Splitter(request, output)
  let rest: Buffer = Buffer.alloc(0)
  const { start, signal } = request
  for await (const chunk of createReadStream(request.from, { start, highWaterMark: CHUNK_BYTES, signal })) {
    rest = await splitter.take(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), false)
  }
  // The last line may lack its end: with it, a record that ends nowhere is one with an open quote.
  await splitter.take(rest.length === 0 ? rest : Buffer.concat([rest, Buffer.from('\n')]), true)
  await finished(output.end())
  return splitter.records
}

class Splitter {
  records = 0
  readonly #ending: Buffer

  constructor(
    readonly request: SplitRequest,
    readonly output: WriteStream,
  ) {
    this.#ending = Buffer.from(request.ending)
  }

  /** Writes the records that end in these bytes and gives back the rest. */
  async take(bytes: Buffer, isLast: boolean): Promise<Buffer> {
    const pieces: Buffer[] = []
    let start = 0
    while (start < bytes.length) {
      const cut = this.request.cutter(bytes, start, isLast)
      if (cut === undefined) break
      const record = bytes.subarray(start, cut.end)
      start = cut.next
      if (record.length === 0) continue
      this.records++
      if (cut.fault === null) pieces.push(record, this.#ending)
      else pieces.push(Buffer.from(this.request.faultRecord(cut.fault, textOf(record))))
    }
    const body = Buffer.concat(pieces)
    if (body.length > 0 && !this.output.write(body)) await once(this.output, 'drain')
    return bytes.subarray(start)
  }
}

const textOf = (record: Buffer): string => record.toString(isUtf8(record) ? 'utf8' : 'latin1')
