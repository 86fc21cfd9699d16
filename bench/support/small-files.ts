import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const ROWS = 10
const DAY_MS = 86_400_000
const DEPOTS = ['north', 'south', 'east', 'west']

/** Writes files of ten orders each, all different, each of another minute: what a busy producer leaves in a week. */
export async function writeSmallFiles(folder: string, files: number, ending = 'csv'): Promise<void> {
  const startMs = Date.parse('2026-01-01T00:00:00Z')
  for (let file = 0; file < files; file++) {
    const lines = Array.from({ length: ROWS }, (_, i) => {
      const at = new Date(startMs + ((file * ROWS + i) * 28 * DAY_MS) / (files * ROWS)).toISOString()
      const mass = ((file * 7 + i * 13) % 400) / 10
      return `${at},${mass},${DEPOTS[(file + i) % 4]},${(file * 31 + i) % 3 === 0}`
    })
    const name = `${String(file).padStart(6, '0')}.${ending}`
    await writeFile(join(folder, name), `ordered,mass,depot,late\n${lines.join('\n')}\n`)
  }
}
