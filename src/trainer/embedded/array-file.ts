/**
 * A file of named arrays of float32, as weights and checkpoints are kept: the length of a JSON header as four bytes, the
 * header with names and lengths, then the numbers, little-endian as on every machine that Node runs on.
 */
import { z } from 'zod'

/** What a file holds. */
export interface NamedArrays {
  /** Anything that JSON can say. */
  readonly header: unknown
  readonly arrays: Readonly<Record<string, Float32Array>>
}

const Header = z.strictObject({
  format: z.literal('refit arrays 1'),
  header: z.unknown(),
  lengths: z.array(z.tuple([z.string(), z.number().int().nonnegative()])),
})

/** The bytes of a file. */
export function packArrays({ header, arrays }: NamedArrays): Uint8Array {
  const lengths = Object.entries(arrays).map(([name, values]) => [name, values.length])
  const text = Buffer.from(JSON.stringify({ format: 'refit arrays 1', header, lengths }))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  const parts = Object.values(arrays).map((values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength))
  return Buffer.concat([length, text, ...parts])
}

/** Reads what `packArrays` made. Throws a plain error that says what is wrong with the bytes. */
export function unpackArrays(bytes: Uint8Array): NamedArrays {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = buffer.length < 4 ? Number.NaN : 4 + buffer.readUInt32LE(0)
  if (!(end <= buffer.length)) throw new Error('the file is shorter than its header says')
  const { header, lengths } = Header.parse(JSON.parse(buffer.toString('utf8', 4, end)))
  const arrays: [string, Float32Array][] = []
  let from = end
  for (const [name, count] of lengths) {
    const to = from + 4 * count
    if (to > buffer.length) throw new Error(`the file ends within "${name}"`)
    // Copied, as a view must begin at a multiple of four bytes.
    arrays.push([name, new Float32Array(Uint8Array.from(buffer.subarray(from, to)).buffer)])
    from = to
  }
  // Not by assignment: a name such as `__proto__` would set the prototype instead.
  return { header, arrays: Object.fromEntries(arrays) }
}
