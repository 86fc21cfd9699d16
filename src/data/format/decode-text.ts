/** Text of any encoding as UTF-8, so that whatever reads it knows one only. */
import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { StringDecoder } from 'node:string_decoder'
import { RefitError, unreachable } from '../../errors.js'

/** How text is encoded that has no byte order mark. */
export type TextEncoding = 'utf-8' | 'windows-1252'

/** A file of UTF-8, and where its text begins: behind the byte order mark, if there is one. */
export interface TextFile {
  readonly path: string
  readonly start: number
}

/** What to decode. */
export interface DecodeRequest {
  readonly from: string
  /** A file that does not exist yet; it is not written when `from` is UTF-8 already. */
  readonly to: string
  /** Holds unless a byte order mark says otherwise. */
  readonly encoding: TextEncoding
  readonly signal?: AbortSignal | undefined
}

const MARKS = [
  { bytes: [0xff, 0xfe, 0, 0], encoding: 'utf-32' },
  { bytes: [0, 0, 0xfe, 0xff], encoding: 'utf-32' },
  { bytes: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { bytes: [0xff, 0xfe], encoding: 'utf-16le' },
  { bytes: [0xfe, 0xff], encoding: 'utf-16be' },
] as const

type Encoding = (typeof MARKS)[number]['encoding'] | TextEncoding

const CHUNK_BYTES = 1 << 20

/** No text in UTF-8 has this byte: it stands for what could not be decoded, so that the row which holds it is broken. */
const UNDECODABLE = Buffer.from([0xff])

/** Gives the text as UTF-8. Rejects with `UnreadableSource` for an encoding that is not read. */
export async function decodeText({ from, to, encoding: expected, signal }: DecodeRequest): Promise<TextFile> {
  const { encoding, start } = await findMark(from, expected)
  if (encoding === 'utf-8') return { path: from, start }
  const decode = decoderOf(encoding)
  await pipeline(
    createReadStream(from, { start, highWaterMark: CHUNK_BYTES }),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) yield* encode(decode(chunk))
      yield* encode(decode())
    },
    createWriteStream(to),
    { signal },
  )
  return { path: to, start: 0 }
}

async function findMark(path: string, expected: TextEncoding): Promise<{ encoding: Encoding; start: number }> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
    const begin = buffer.subarray(0, bytesRead)
    const mark = MARKS.find(({ bytes }) => begin.subarray(0, bytes.length).equals(Buffer.from(bytes)))
    return { encoding: mark?.encoding ?? expected, start: mark?.bytes.length ?? 0 }
  } finally {
    await file.close()
  }
}

/** Decodes bytes as they come; called without, it gives what is left at the end. */
type Decoder = (bytes?: Buffer) => string

function decoderOf(encoding: Exclude<Encoding, 'utf-8'>): Decoder {
  switch (encoding) {
    case 'windows-1252': {
      const decoder = new TextDecoder('windows-1252')
      return (bytes) => decoder.decode(bytes, { stream: bytes !== undefined })
    }
    case 'utf-16le':
      return utf16Decoder((bytes) => bytes)
    case 'utf-16be':
      return utf16Decoder((bytes) => Buffer.from(bytes).swap16())
    case 'utf-32':
      throw new RefitError('UnreadableSource', 'the file is UTF-32: expected UTF-8, or UTF-16 with a byte order mark')
    default:
      return unreachable(encoding)
  }
}

/** Unlike `TextDecoder`, this keeps halves of a pair apart from characters that stand for them. */
function utf16Decoder(toLittleEndian: (pairs: Buffer) => Buffer): Decoder {
  const decoder = new StringDecoder('utf16le')
  let odd: Buffer = Buffer.alloc(0)
  return (bytes) => {
    // A byte that is left over is half of a character: a lone surrogate marks it as what cannot be decoded.
    if (bytes === undefined) return decoder.end() + (odd.length === 0 ? '' : '\uD800')
    const all = Buffer.concat([odd, bytes])
    const even = all.length - (all.length % 2)
    odd = all.subarray(even)
    return decoder.write(toLittleEndian(all.subarray(0, even)))
  }
}

function* encode(text: string): Generator<Buffer> {
  for (const [index, sound] of text.split(/\p{Surrogate}/u).entries()) {
    if (index > 0) yield UNDECODABLE
    if (sound !== '') yield Buffer.from(sound)
  }
}
