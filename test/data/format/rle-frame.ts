/** A frame of zstd that repeats one ASCII character: a few bytes for each 128 KiB, which no program need pack. */
export function rleFrame(character: string, times: number): Buffer {
  const blocks: Buffer[] = []
  for (let left = times; left > 0; left -= LARGEST_BLOCK) {
    const header = Buffer.alloc(4)
    const isLast = left <= LARGEST_BLOCK ? 1 : 0
    header.writeUIntLE((Math.min(left, LARGEST_BLOCK) << 3) | (RLE << 1) | isLast, 0, 3)
    header.write(character, 3, 'latin1')
    blocks.push(header)
  }
  // Magic number, no digest, window of 128 KiB.
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3]), ...blocks])
}

const LARGEST_BLOCK = 128 * 1024
const RLE = 1
