/**
 * Bytes into which records are copied. Records are a few dozen bytes, so that a call for each costs more than a loop over its
 * bytes: the loop that copies a record also looks whether it is one.
 */

/** Which bytes part a record into fields. */
export interface RecordShape {
  readonly delimiter: number
  readonly fields: number
  /** Begins and ends a field that may hold all others; -1 where there is none. */
  readonly quote: number
}

/** Answers that a record is not copied: its bytes end too early, or it needs a closer look. */
export const NOT_COPIED = -1

/** What an ending and two numbers can take. */
const MOST_ENDING_BYTES = 64

const LF = 0x0a
const CR = 0x0d
const ZERO = 0x30
const NINE = 0x39

/** A page that grows. */
export class RecordPage {
  /** Line feeds within the record that was copied last. */
  breaks = 0
  #bytes: Buffer
  #end = 0

  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(expected + (expected >> 1) + MOST_ENDING_BYTES)
  }

  clear(): void {
    this.#end = 0
  }

  written(): Buffer {
    return this.#bytes.subarray(0, this.#end)
  }

  /**
   * Copies the record that begins at `start`, without its line end, when it is sound: as many fields as there must be, with
   * quotes only around a field, and within such a field twice. Gives the position of the next record, or {@link NOT_COPIED}.
   */
  copyRecord(from: Buffer, start: number, { delimiter, fields, quote }: RecordShape): number {
    const end = from.length
    this.#reserve(end - start)
    const bytes = this.#bytes
    let to = this.#end
    let at = start
    let breaks = 0
    for (let field = 1; ; field++) {
      if (from[at] === quote) {
        bytes[to++] = quote
        at++
        for (;;) {
          if (at >= end) return NOT_COPIED
          const byte = from[at++] ?? 0
          bytes[to++] = byte
          if (byte === LF) breaks++
          if (byte !== quote) continue
          if (from[at] !== quote) break
          bytes[to++] = quote
          at++
        }
      } else {
        for (; at < end; at++) {
          const byte = from[at] ?? 0
          if (byte === delimiter || byte === LF || byte === CR) break
          bytes[to++] = byte
        }
      }
      if (from[at] === delimiter) {
        bytes[to++] = delimiter
        at++
        continue
      }
      const last = at
      if (from[at] === CR) at++
      // An empty line is no record.
      if (from[at] !== LF || field !== fields || last === start) return NOT_COPIED
      this.#end = to
      this.breaks = breaks
      return at + 1
    }
  }

  append(text: Uint8Array): void {
    this.#reserve(text.length)
    const bytes = this.#bytes
    let to = this.#end
    for (let at = 0; at < text.length; at++) bytes[to++] = text[at] ?? 0
    this.#end = to
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes + MOST_ENDING_BYTES
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(2 * needed)
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}

/** A number that counts up, as decimal digits: adding one to it touches a digit, printing it touches all. */
export class DecimalCounter {
  digits: Buffer = Buffer.from('0')

  increase(): void {
    const { digits } = this
    for (let at = digits.length - 1; at >= 0; at--) {
      const digit = digits[at] ?? 0
      if (digit < NINE) {
        digits[at] = digit + 1
        return
      }
      digits[at] = ZERO
    }
    this.digits = Buffer.concat([Buffer.from('1'), digits])
  }
}
