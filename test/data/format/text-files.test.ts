/** Packed and encoded text, and the dialects of CSV. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { decodeText } from '../../../src/data/format/decode-text.js'
import { unpackFile } from '../../../src/data/format/unpack-file.js'
import { rejection } from '../../support/rejection.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { flightsSpec, openWorkshop, query, table } from '../workshop.js'
import { rleFrame } from './rle-frame.js'

const HEADER = 'date,delay,distance,origin,destination'
const ROW = '2001-01-01 00:01:00,33,1846,SEA,ORD'

/** What `zstd --check` 1.5.4 made of the header and the row. */
const WITH_DIGEST = Buffer.from(
  'KLUv/QRYWQIAZGF0ZSxkZWxheSxkaXN0YW5jZSxvcmlnaW4sZGVzdGluYXRpb24KMjAwMS0wMS0wMSAwMDowMTowMCwzMywxODQ2LFNFQSxPUkQK+2MQBw==',
  'base64',
)

const bigEndian = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

test('a note arrives the same in every encoding and dialect', async (t) => {
  const note = 'café, 5 € – "naïve"\nsecond line'
  const columns = { date: { type: 'timestamp' }, note: { type: 'string' } }
  const csv = (delimiter: string) => `date${delimiter}note\n2001-01-01${delimiter}"${note.replaceAll('"', '""')}"\n`
  const cases: [name: string, body: Uint8Array, encoding?: string][] = [
    ['a.csv', Buffer.from(csv(','))],
    ['b.csv', Buffer.from(`\uFEFF${csv(';')}`)],
    ['c.csv', Buffer.from(`\uFEFF${csv('|')}`, 'utf16le')],
    ['d.tsv', bigEndian(`\uFEFF${csv('\t')}`)],
    ['e.csv', Buffer.from(csv(',').replaceAll('€', '\x80').replaceAll('–', '\x96'), 'latin1'), 'windows-1252'],
    ['f.csv', Buffer.from(`\uFEFF${csv(',')}`), 'windows-1252'],
    ['g.jsonl', Buffer.from(`\uFEFF${JSON.stringify({ date: '2001-01-01', note })}\n`)],
    ['h.jsonl', bigEndian(`\uFEFF${JSON.stringify({ date: '2001-01-01', note })}\n`)],
    ['i.csv.gz', gzipSync(Buffer.from(`\uFEFF${csv(';')}`, 'utf16le'))],
  ]
  for (const [name, body, encoding = 'utf-8'] of cases) {
    const workshop = await openWorkshop(t)
    const data = { columns, encoding, derived: {}, features: ['note'], label: { sql: 'true' } }
    const spec = flightsSpec(data, { baseline: { kind: 'rule', score: '0.5' } })
    const { commit } = await workshop.ingest(spec, await workshop.put(`in/${name}`, body))
    assert.equal(commit.receipt.kept, 1, name)
    assert.equal((await table(workshop, commit.partition?.uri ?? ''))[0]?.note, note, name)
  }
})

test('UTF-16 is decoded whatever the chunks, and what is no character breaks a row', async (t) => {
  const folder = await temporaryFolder(t)
  let file = 0
  const decoded = async (bytes: Uint8Array) => {
    const [from, to] = [join(folder, `${++file}`), join(folder, `${file}.text`)]
    await writeFile(from, bytes)
    return readFile((await decodeText({ from, to, encoding: 'utf-8' })).path)
  }
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), fc.boolean(), async (text, isBig) => {
      // Not NUL first: after the mark, in little endian, that is the mark of UTF-32.
      const bytes = Buffer.from(`\uFEFFx${text}`, 'utf16le')
      assert.deepEqual(await decoded(isBig ? bytes.swap16() : bytes), Buffer.from(`x${text}`))
    }),
    { numRuns: 50 },
  )
  const large = '😀'.repeat(1 << 20)
  assert.deepEqual(await decoded(bigEndian(`\uFEFFx${large}`)), Buffer.from(`x${large}`))
  assert.deepEqual(await decoded(bigEndian('\uFEFFa\uD800b')), Buffer.from('a\xffb', 'latin1'))
  assert.deepEqual(await decoded(bigEndian('\uFEFFab').subarray(0, 5)), Buffer.from('a\xff', 'latin1'))
})

test('UTF-32 is refused by its name', async (t) => {
  const workshop = await openWorkshop(t)
  const source = await workshop.put('in/a.csv', Buffer.from([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0]))
  const { commit } = await workshop.ingest(flightsSpec(), source)
  assert.match(commit.receipt.unreadable ?? '', /: the file is UTF-32: expected UTF-8, or UTF-16/)
})

test('zstd is read, and a flipped bit is noticed', async (t) => {
  const workshop = await openWorkshop(t)
  const ingest = async (name: string, body: Uint8Array) =>
    (await workshop.ingest(flightsSpec(), await workshop.put(`in/${name}.csv.zst`, body))).commit.receipt
  assert.equal((await ingest('whole', WITH_DIGEST)).kept, 1)
  // The second header is a row, and no sound one.
  const twice = await ingest('twice', Buffer.concat([WITH_DIGEST, rleFrame('\n', 3), WITH_DIGEST]))
  assert.deepEqual([twice.kept, twice.reasons], [2, { 'date: type': 1 }])
  const skipped = Buffer.from([0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
  assert.equal((await ingest('skipped', Buffer.concat([skipped, WITH_DIGEST]))).kept, 1)
  for (const [name, body, reason] of [
    ['cut', WITH_DIGEST.subarray(0, -9), 'it ends too early'],
    ['no-digest', WITH_DIGEST.subarray(0, -1), 'it ends too early'],
    ['junk', Buffer.from('hello, world'), 'no frame where one must begin'],
    ['flipped', flip(WITH_DIGEST, 30), 'its bytes are not those of its digest'],
  ] as const) {
    assert.equal((await ingest(name, body)).unreadable, `in/${name}.csv.zst: not a whole zstd file: ${reason}`)
  }
})

test('zstd of many blocks gives what was packed', async (t) => {
  const workshop = await openWorkshop(t)
  const path = join(workshop.folder, 'in/many.csv.zst')
  await query(`COPY (SELECT TIMESTAMP '2001-01-01' + to_seconds(i) AS date, i % 100 AS delay, hash(i)::VARCHAR AS note,
    i % 6000 AS distance, 'SEA' AS origin, 'ORD' AS destination FROM range(50000) t(i)) TO '${path}' (COMPRESSION zstd)`)
  const { commit } = await workshop.ingest(flightsSpec(), await workshop.find('in/many.csv.zst'))
  assert.equal(commit.receipt.kept, 50_000)
})

test('what unpacks to more than the limits is unreadable', async (t) => {
  const folder = await temporaryFolder(t)
  const limits = { mostBytes: 3 << 20, mostRatio: 100, ratioFromBytes: 1 << 20 }
  const unpack = async (compression: 'gzip' | 'zstd', body: Uint8Array) => {
    const from = join(folder, 'packed')
    await writeFile(from, body)
    return unpackFile({ from, to: join(folder, 'unpacked'), compression, limits })
  }
  const noise = Buffer.from(Array.from({ length: 4 << 20 }, (_, index) => (index * index * 31) >> 7))
  await unpack('gzip', gzipSync(Buffer.alloc(1 << 20)))
  await unpack('zstd', rleFrame('x', 1 << 20))
  for (const [compression, body, reason] of [
    [
      'gzip',
      gzipSync(Buffer.alloc(2 << 20)),
      / bytes unpack to more than 1048576 bytes and more than 100 times as many, /,
    ],
    ['zstd', rleFrame('x', 2 << 20), / bytes unpack to more than 1048576 bytes and more than 100 times as many, /],
    ['gzip', gzipSync(noise, { level: 0 }), / bytes unpack to more than 3145728 bytes, the limit$/],
  ] as const) {
    const { message } = await rejection(unpack(compression, body), 'UnreadableSource')
    assert.match(message, reason)
  }
})

test('a header may have quotes, with delimiters and line breaks in them', async (t) => {
  const workshop = await openWorkshop(t)
  const header = HEADER.split(',').map((name) => `"${name}"`)
  const body = `"a;b";"c ""d""\ne";${header.join(';')}\n1;2;${ROW.replaceAll(',', ';')}\n`
  const { commit } = await workshop.ingest(flightsSpec(), await workshop.put('in/a.csv', body))
  assert.equal(commit.receipt.kept, 1)
})

function flip(bytes: Buffer, at: number): Buffer {
  const flipped = Buffer.from(bytes)
  flipped[at] = (flipped[at] ?? 0) ^ 1
  return flipped
}
