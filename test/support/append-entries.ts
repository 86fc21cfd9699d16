/**
 * A program for tests: appends entries to the log of a store and prints each one that was acknowledged as a JSON line.
 */
import { z } from 'zod'
import { createLocalStorage } from '../../src/storage/local.js'
import { openLog } from '../../src/storage/log.js'

const [folder = '', prefix = '', name = '', count = '0', padding = '0'] = process.argv.slice(2)
const log = openLog(await createLocalStorage(folder), prefix, z.string())

for (let number = 0; number < Number(count); number++) {
  const body = 'x'.repeat(Number(padding))
  const outcome = await log.append({ id: `${name}-${number}`, actor: name, body })
  if (outcome.kind === 'stale') throw new TypeError('Nothing was expected.')
  process.stdout.write(`${JSON.stringify({ kind: outcome.kind, id: outcome.entry.id, seq: outcome.entry.seq })}\n`)
}
