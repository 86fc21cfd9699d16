/** Files that are broken by their size: nothing crashes, memory stays bounded, and the batch that follows comes in. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { type TestContext, test } from 'node:test'
import { createGzip } from 'node:zlib'
import { flightsSpec, openWorkshop, type Workshop } from '../workshop.js'
import { rleFrame } from './rle-frame.js'

const HEADER = 'date,delay,distance,origin,destination\n'
const SOUND = `${HEADER}2001-01-01 00:01:00,33,1846,SEA,ORD\n`
const GIGABYTE = 2 ** 30

/** What the process may take besides what it has: a few chunks of text, and DuckDB at rest. */
const MOST_GROWTH_BYTES = 300 * 2 ** 20

/** Ingests a file, then a sound one, and gives the reason why the first cannot be read. */
async function reasonFor(t: TestContext, name: string, write: (path: string) => Promise<void>): Promise<string> {
  const workshop = await openWorkshop(t)
  await write(join(workshop.folder, 'in', name))
  const growth = await memoryGrowth()
  const { commit } = await workshop.ingest(flightsSpec(), await workshop.find(`in/${name}`))
  const taken = growth()
  assert.ok(taken < MOST_GROWTH_BYTES, `${name} took ${taken} bytes of memory`)
  assert.equal(commit.receipt.rowsIn, 0)
  await requireNext(workshop)
  return commit.receipt.unreadable ?? 'none'
}

async function requireNext(workshop: Workshop): Promise<void> {
  const { commit } = await workshop.ingest(flightsSpec(), await workshop.put('in/next.csv', SOUND))
  assert.equal(commit.receipt.kept, 1)
}

/** Looks at the resident memory every few milliseconds; the call ends it, and gives the peak above the beginning. */
async function memoryGrowth(): Promise<() => number> {
  const before = process.memoryUsage.rss()
  let peak = before
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 5)
  return () => {
    clearInterval(timer)
    return Math.max(peak, process.memoryUsage.rss()) - before
  }
}

/** Writes a text again and again, until a gigabyte is there. */
async function writeGigabyte(path: string, begin: string, repeated: string, packed = false): Promise<void> {
  const file = createWriteStream(path)
  const output = packed ? createGzip({ level: 1 }) : file
  if (output !== file) output.pipe(file)
  output.write(begin)
  const chunk = Buffer.from(repeated.repeat(Math.ceil((1 << 20) / repeated.length)))
  for (let written = 0; written <= GIGABYTE; written += chunk.length) {
    if (!output.write(chunk)) await once(output, 'drain')
  }
  output.end()
  await finished(file)
}

test('a line of a gigabyte is no row, whatever the format', async (t) => {
  const reason = /: a row is longer than 1048576 bytes, or lines do not end with a line feed$/
  assert.match(await reasonFor(t, 'a.csv', (path) => writeGigabyte(path, HEADER, 'x')), reason)
  assert.match(await reasonFor(t, 'b.csv', (path) => writeGigabyte(path, `${HEADER}"`, 'x,')), reason)
  assert.match(await reasonFor(t, 'c.jsonl', (path) => writeGigabyte(path, '{"date": "', 'x')), reason)
  assert.match(
    await reasonFor(t, 'd.csv', (path) => writeGigabyte(path, '', 'x')),
    /: the first line is no header: it is too long$/,
  )
})

test('a bomb is unreadable, by what it unpacks to', async (t) => {
  const reason = /: its \d+ bytes unpack to more than 1073741824 bytes and more than 1000 times as many, the limit$/
  const zstd = async (path: string) => {
    const file = createWriteStream(path)
    file.end(rleFrame('\n', GIGABYTE + 1))
    await finished(file)
  }
  assert.match(await reasonFor(t, 'a.csv.zst', zstd), reason)
})

test('a gigabyte of packed line feeds after a header has no rows', async (t) => {
  const workshop = await openWorkshop(t)
  await writeGigabyte(join(workshop.folder, 'in/a.csv.gz'), SOUND, '\n'.repeat(1000), true)
  const growth = await memoryGrowth()
  const { commit } = await workshop.ingest(flightsSpec(), await workshop.find('in/a.csv.gz'))
  assert.ok(growth() < MOST_GROWTH_BYTES)
  assert.equal(commit.receipt.unreadable ?? commit.receipt.kept, 1)
})
