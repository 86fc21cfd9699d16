/** The log under real processes: many at once, and such as are killed in the middle of a write. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { createLocalStorage } from '../../src/storage/local.js'
import { openLog } from '../../src/storage/log.js'
import { collect } from '../support/collect.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const PROGRAM = fileURLToPath(new URL('../support/append-entries.js', import.meta.url))
const PREFIX = 'log'
const Acknowledged = z.object({ kind: z.enum(['appended', 'known']), id: z.string(), seq: z.number() })
type Acknowledged = z.infer<typeof Acknowledged>

/** Starts a writer; `ended` gives what it said was written, also when it was killed. */
function startWriter(folder: string, name: string, { count, padding = 0 }: { count: number; padding?: number }) {
  const args = [PROGRAM, folder, PREFIX, name, String(count), String(padding)]
  const writer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  writer.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  const ended = new Promise<{ code: number | null; acknowledged: readonly Acknowledged[] }>((resolve, reject) => {
    writer.once('error', reject)
    writer.once('close', (code) => {
      // A killed writer may leave half a line.
      const lines = output.split('\n').slice(0, -1)
      resolve({ code, acknowledged: lines.map((line) => Acknowledged.parse(JSON.parse(line))) })
    })
  })
  return { ended, kill: () => writer.kill('SIGKILL'), written: () => output.split('\n').length - 1 }
}

/** Asserts that the log has no gap, no id twice, and everything that was acknowledged, at its number. */
async function checkHistory(folder: string, acknowledged: readonly Acknowledged[]): Promise<number> {
  const entries = await collect(openLog(await createLocalStorage(folder), PREFIX, z.string()).entries())
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    entries.map((_, index) => index + 1),
  )
  assert.equal(new Set(entries.map(({ id }) => id)).size, entries.length)
  for (const { id, seq } of acknowledged) assert.equal(entries[seq - 1]?.id, id)
  return entries.length
}

test('of 100 processes that append at the same time each gets its own numbers', async (t) => {
  const folder = await temporaryFolder(t)
  const writers = Array.from({ length: 100 }, (_, index) => startWriter(folder, `w${index}`, { count: 2 }))
  const ends = await Promise.all(writers.map(({ ended }) => ended))
  assert.deepEqual(new Set(ends.map(({ code }) => code)), new Set([0]))
  const acknowledged = ends.flatMap((end) => end.acknowledged)
  assert.equal(new Set(acknowledged.map(({ seq }) => seq)).size, 200)
  assert.deepEqual(new Set(acknowledged.map(({ kind }) => kind)), new Set(['appended']))
  assert.equal(await checkHistory(folder, acknowledged), 200)
})

test('writers that are killed at any moment leave a readable log with all that was acknowledged', async (t) => {
  const folder = await temporaryFolder(t)
  const acknowledged: Acknowledged[] = []
  for (let round = 0; round < 5; round++) {
    const writers = Array.from({ length: 4 }, (_, index) =>
      startWriter(folder, `round${round}-w${index}`, { count: 1_000_000, padding: 200_000 }),
    )
    const deadline = Date.now() + 20_000
    while (writers.reduce((sum, { written }) => sum + written(), 0) < 8 && Date.now() < deadline) await sleep(10)
    await sleep(Math.random() * 20)
    for (const { kill } of writers) kill()
    for (const { ended } of writers) acknowledged.push(...(await ended).acknowledged)
    await checkHistory(folder, acknowledged)
  }
  assert.ok(acknowledged.length >= 40, `only ${acknowledged.length} entries were written before the kills`)

  // Whoever was killed is repeated by another process with the same ids: what is known stays, the rest is added.
  const repeated = await startWriter(folder, 'round0-w0', { count: 20 }).ended
  assert.equal(repeated.code, 0)
  await checkHistory(folder, [...acknowledged, ...repeated.acknowledged])

  const leftovers = await readdir(join(folder, '~temporary'))
  const names = await readdir(join(folder, PREFIX))
  assert.ok(
    names.every((name) => /^(\d{12}\.json|index)$/.test(name)),
    names.join(),
  )
  t.diagnostic(`${acknowledged.length} acknowledged entries, ${leftovers.length} temporary files left by the killed`)
})
