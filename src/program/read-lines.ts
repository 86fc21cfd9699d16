import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/**
 * The lines of a program's output, as many at a time as arrived. A line longer than `maxLength` characters is cut, so
 * that output without line breaks cannot exhaust memory; a reader that is slow slows the program down.
 */
export async function* readLines(stream: Readable, maxLength: number): AsyncGenerator<readonly string[]> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of untilClosed(stream)) {
    const lines = (rest + decoder.write(chunk)).split('\n')
    // One character more than allowed is kept: it tells later that the line was longer.
    rest = (lines.pop() ?? '').slice(0, maxLength + 1)
    if (lines.length > 0) yield lines.map((line) => cut(line, maxLength))
  }
  if (rest !== '') yield [cut(rest, maxLength)]
}

function cut(line: string, maxLength: number): string {
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line.replace(/\r$/, '')
}

/** The chunks of a stream; one that was closed by us (its writer outlived the program) just ends. */
async function* untilClosed(stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
  } catch (thrown) {
    const isClosed = thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_STREAM_PREMATURE_CLOSE'
    if (!isClosed) throw thrown
  }
}
