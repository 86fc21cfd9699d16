/** Files that are broken, each in its own way, between two that are sound: nothing crashes, and the others come in. */
import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { verifyAccounting } from '../../../src/data/verify/verify.js'
import { flightsSpec, openWorkshop, query, table, type Workshop } from '../workshop.js'

const HEADER = 'date,delay,distance,origin,destination'
const ROW = '2001-01-01 00:01:00,33,1846,SEA,ORD'
const SOUND = `${HEADER}\n${ROW}\n`

/** What becomes of a file: the rows kept and the reasons, or why it cannot be read. */
type Expected = { readonly kept: number; readonly reasons: Readonly<Record<string, number>> } | RegExp

/** A spec that lets no gate stop a batch: what is tested here comes before it. */
const spec = (data: Record<string, unknown> = {}) => flightsSpec({ maxQuarantineShare: 1, ...data })

async function check(t: TestContext, name: string, body: string | Uint8Array, expected: Expected): Promise<Workshop> {
  const workshop = await openWorkshop(t)
  await workshop.put('in/0.csv', SOUND)
  await workshop.put(`in/1.${name}`, body)
  await workshop.put('in/2.csv', `${HEADER}\n${ROW}\n${ROW}\n`)
  await checkAll(workshop, expected)
  return workshop
}

/** Ingests all that the source finds: a sound batch, the one in question unless it is not found, and another sound one. */
async function checkAll(workshop: Workshop, expected: Expected | undefined): Promise<void> {
  const { batches } = await workshop.files.find({ has: () => false, cursor: () => '' }, { limit: 10 })
  const receipts = []
  for (const batch of batches) receipts.push((await workshop.ingest(spec(), batch)).commit.receipt)
  const [first, ...others] = receipts
  assert.equal(first?.kept, 1)
  assert.equal(others.pop()?.kept, 2)
  const [receipt] = others
  if (expected instanceof RegExp) assert.match(receipt?.unreadable ?? '', expected)
  else assert.deepEqual(receipt && { kept: receipt.kept, reasons: receipt.reasons }, expected)
  assert.equal((await verifyAccounting(workshop.context, 'flights')).holds, true)
}

/** Rows in quarantine: line, number, reason and text. */
async function quarantineOf(workshop: Workshop, path: string): Promise<readonly string[]> {
  const { commit } = await workshop.ingest(spec(), await workshop.find(path))
  const rows = await table(workshop, commit.quarantine?.uri ?? '')
  return rows.map(({ _line, _row, _reason, _text }) => `line ${_line} row ${_row} ${_reason}: ${_text}`)
}

test('an empty file says what was expected', async (t) => {
  await check(t, 'csv', '', /^in\/1\.csv: the file is empty: expected a header line$/)
  await check(t, 'csv.gz', gzipSync(''), /the file is empty/)
  await check(t, 'csv.gz', '', /not a whole gzip file: unexpected end of file$/)
  await check(t, 'csv.zst', '', /the file is empty/)
  await check(t, 'csv', '\uFEFF', /the file is empty/)
  await check(t, 'parquet', '', /not a whole Parquet file$/)
  await check(t, 'jsonl', '', { kept: 0, reasons: {} })
})

test('a truncated Parquet file is no batch of fewer rows', async (t) => {
  const workshop = await openWorkshop(t)
  const whole = join(workshop.folder, 'whole.parquet')
  await query(`COPY (SELECT i AS distance FROM range(10000) t(i)) TO '${whole}' (FORMAT parquet)`)
  const bytes = await readFile(whole)
  for (const share of [0.1, 0.5, 0.999]) {
    const cut = bytes.subarray(0, Math.floor(bytes.length * share))
    await check(t, 'parquet', cut, /^in\/1\.parquet: not a whole Parquet file$/)
  }
})

test('in a file of a wrong encoding, the rows that have it are broken', async (t) => {
  const body = Buffer.from(`${HEADER},note\n${ROW},caf\xe9\n${ROW},tea\n`, 'latin1')
  const workshop = await check(t, 'csv', body, { kept: 1, reasons: { 'row: encoding': 1 } })
  assert.deepEqual(await quarantineOf(workshop, 'in/1.csv'), [`line 2 row 1 row: encoding: ${ROW},café`])
})

test('a line of nested JSON is judged by its own fields', async (t) => {
  const row = { date: '2001-01-01', delay: 1, distance: 1, origin: 'SEA', destination: 'ORD' }
  const deep = `{"date": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  const body = [{ ...row, distance: { km: 1 } }, { ...row, more: { deep: [row] } }, { flight: row }]
  const reasons = { 'date: nullable': 1, 'date: type': 1, 'distance: type': 1 }
  await check(t, 'jsonl', [...body.map((line) => JSON.stringify(line)), deep].join('\n'), { kept: 1, reasons })
})

test('a column that is there twice is not chosen by chance', async (t) => {
  await check(t, 'csv', `${HEADER},delay\n${ROW},1\n`, /: column delay is there twice; found date, delay,/)
  await check(t, 'csv', `${HEADER},other,other\n${ROW},1,2\n`, { kept: 1, reasons: {} })
})

test('a row with NUL bytes is broken, a header with them is none', async (t) => {
  const workshop = await check(t, 'csv', `${SOUND}2001-01-01,1,1,SEA,OR\0\n${ROW}\n\0\0\0`, {
    kept: 2,
    reasons: { 'row: nul': 2 },
  })
  assert.deepEqual((await quarantineOf(workshop, 'in/1.csv')).at(0), 'line 3 row 2 row: nul: 2001-01-01,1,1,SEA,OR\0')
  await check(t, 'csv', Buffer.from(SOUND, 'utf16le'), /the header has NUL bytes: UTF-16 needs a byte order mark$/)
})

test('line ends may be mixed; a carriage return alone is none', async (t) => {
  const workshop = await check(
    t,
    'csv',
    `${HEADER}\r\n${ROW}\n${ROW}\r\n\r\n\n${ROW}\r${ROW}\n"${ROW.replace(',', '","')}"`,
    {
      kept: 2,
      reasons: { 'row: fields': 1, 'row: lineEnd': 1 },
    },
  )
  assert.match((await quarantineOf(workshop, 'in/1.csv')).join('\n'), /^line 6 row 3 row: lineEnd: .*\nline 7 row 4 /s)
  await check(t, 'csv', SOUND.replaceAll('\n', '\r'), /lines end with a carriage return alone: expected a line feed$/)
})

test('a row knows its line, also below a field of several lines', async (t) => {
  const workshop = await check(t, 'csv', `note,${HEADER}\n"a\n\nb",${ROW}\n\n,${ROW.replace('33', 'x')}\nc,${ROW},\n`, {
    kept: 1,
    reasons: { 'delay: type': 1, 'row: fields': 1 },
  })
  assert.deepEqual(await quarantineOf(workshop, 'in/1.csv'), [
    'line 6 row 2 delay: type: null',
    `line 7 row 3 row: fields: c,${ROW},`,
  ])
})

test('a folder with the name of a file is no batch', async (t) => {
  const workshop = await openWorkshop(t)
  await workshop.put('in/0.csv', SOUND)
  await mkdir(join(workshop.folder, 'in/1.csv'))
  await workshop.put('in/2.csv', `${HEADER}\n${ROW}\n${ROW}\n`)
  await checkAll(workshop, undefined)
})
