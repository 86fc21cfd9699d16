import { open } from 'node:fs/promises'
import { LastLines } from '../../program/last-lines.js'

/** Everything that a program says and that is not a message, in a file of bounded size. */
export interface ProgramLog {
  readonly file: string
  /** Resolves when the lines are written: whoever reads the program's output waits, and so does the program. */
  write(lines: readonly string[]): Promise<void>
  /** The last lines, for a failure message; empty when there are none. */
  tail(): string
  close(): Promise<void>
}

/** Far more than a person reads; a program in a loop must not fill the disk of the worker. */
const MAX_BYTES = 64 * 1024 * 1024

/** Opens the log, which replaces one of an earlier attempt. */
export async function openProgramLog(file: string): Promise<ProgramLog> {
  const handle = await open(file, 'w')
  const lastLines = new LastLines()
  let bytes = 0
  let writing: Promise<unknown> = Promise.resolve()

  const append = (lines: readonly string[]): Promise<unknown> => {
    if (bytes > MAX_BYTES || lines.length === 0) return Promise.resolve()
    const text = `${lines.join('\n')}\n`
    bytes += Buffer.byteLength(text)
    return handle.write(bytes > MAX_BYTES ? 'The log is full: later lines were left out.\n' : text)
  }
  return {
    file,
    write: async (lines) => {
      lastLines.add(lines)
      // Two outputs share the file: one write at a time.
      writing = writing.then(() => append(lines))
      await writing
    },
    tail: () => lastLines.under(`Last lines of its log ${file}:`),
    close: () => handle.close(),
  }
}
