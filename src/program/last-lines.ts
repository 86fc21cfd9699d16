/** As many as fit a failure message that still can be read in a terminal. */
const LINES = 20
/** A line in a message; the log has the rest. */
const LINE_LENGTH = 500

/** Remembers the last 20 lines that a program wrote. */
export class LastLines {
  #lines: string[] = []

  add(lines: readonly string[]): void {
    const said = lines.filter((line) => line.trim() !== '').slice(-LINES)
    this.#lines = [...this.#lines, ...said.map((line) => line.slice(0, LINE_LENGTH))].slice(-LINES)
  }

  /** The lines, each on its own line below a heading; empty when the program wrote nothing. */
  under(heading: string): string {
    return this.#lines.length === 0 ? '' : `\n${heading}\n${this.#lines.map((line) => `  ${line}`).join('\n')}`
  }
}
