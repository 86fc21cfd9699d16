/**
 * Zstandard as RFC 8878 has it. The library decodes blocks and trusts them; frames are found here, as the digest that ends
 * a frame is the only thing that tells a flipped bit from data.
 */
import { Decompress } from 'fzstd'
import xxhash from 'xxhash-wasm'

const FRAME = 0xfd2fb528
const SKIPPABLE = 0x184d2a50
const SKIPPABLE_MASK = 0xfffffff0
const LAST_BLOCK = 1
const RUN_LENGTH = 1

/** Unpacks frame after frame, with 128 KiB at a time in memory besides a window of at most 32 MiB. Throws when damaged. */
export async function* readZstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new ByteReader(chunks)
  const { create64 } = await xxhash()
  while (!(await reader.isAtEnd())) {
    const magic = await reader.read(4)
    const kind = magic.readUInt32LE()
    if ((kind & SKIPPABLE_MASK) >>> 0 === SKIPPABLE) await reader.skip((await reader.read(4)).readUInt32LE())
    else if (kind === FRAME) yield* readFrame(reader, magic, create64())
    else throw new Error('no frame where one must begin')
  }
}

type Digest = ReturnType<Awaited<ReturnType<typeof xxhash>>['create64']>

async function* readFrame(reader: ByteReader, magic: Buffer, digest: Digest): AsyncGenerator<Uint8Array> {
  const unpacked: Uint8Array[] = []
  const decoder = new Decompress((bytes) => unpacked.push(bytes))
  const descriptor = await reader.read(1)
  decoder.push(Buffer.concat([magic, descriptor, await reader.read(headerBytes(descriptor.readUInt8()))]))
  for (let isLast = false; !isLast; ) {
    const header = await reader.read(3)
    const block = header.readUIntLE(0, 3)
    isLast = (block & LAST_BLOCK) !== 0
    const bytes = ((block >> 1) & 3) === RUN_LENGTH ? 1 : block >> 3
    decoder.push(Buffer.concat([header, await reader.read(bytes)]))
    for (const piece of unpacked.splice(0)) {
      digest.update(piece)
      yield piece
    }
  }
  if (!hasDigest(descriptor.readUInt8())) return
  const expected = (await reader.read(4)).readUInt32LE()
  if (Number(digest.digest() & 0xffffffffn) !== expected) throw new Error('its bytes are not those of its digest')
}

const hasDigest = (descriptor: number): boolean => (descriptor & 4) !== 0

/** Bytes of a frame's header after its first: window, dictionary and size of the content. */
function headerBytes(descriptor: number): number {
  const isSingle = (descriptor & 32) !== 0
  const sizes = [isSingle ? 1 : 0, 2, 4, 8]
  const dictionaries = [0, 1, 2, 4]
  return (isSingle ? 0 : 1) + (dictionaries[descriptor & 3] ?? 0) + (sizes[descriptor >> 6] ?? 0)
}

/** Exactly as many bytes as are asked for, of chunks of any size. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  async isAtEnd(): Promise<boolean> {
    return this.#rest.length === 0 && !(await this.#more())
  }

  async read(bytes: number): Promise<Buffer> {
    while (this.#rest.length < bytes) if (!(await this.#more())) throw new Error('it ends too early')
    const found = this.#rest.subarray(0, bytes)
    this.#rest = this.#rest.subarray(bytes)
    return found
  }

  async skip(bytes: number): Promise<void> {
    for (let left = bytes; left > 0; ) {
      if (await this.isAtEnd()) throw new Error('it ends too early')
      const step = Math.min(left, this.#rest.length)
      this.#rest = this.#rest.subarray(step)
      left -= step
    }
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const { value, done } = await this.#chunks.next()
      if (done === true) return false
      if (value.length === 0) continue
      this.#rest = this.#rest.length === 0 ? Buffer.from(value) : Buffer.concat([this.#rest, value])
      return true
    }
  }
}
