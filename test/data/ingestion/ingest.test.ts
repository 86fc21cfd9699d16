import assert from 'node:assert/strict'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { ingestBatch } from '../../../src/data/ingestion/ingest.js'
import { verifyAccounting } from '../../../src/data/verify/verify.js'
import { rejection } from '../../support/rejection.js'
import { flightsSpec, openWorkshop, query, table, touch } from '../workshop.js'

const HEADER = 'date,delay,distance,origin,destination'

const DIRTY = [
  HEADER,
  '2001-01-01 00:01:00,33,1846,SEA,ORD',
  '2001-01-01T02:30:00+02:00,,100,SEA,ORD',
  'yesterday,5,100,SEA,ORD',
  ',5,100,SEA,ORD',
  '2001-01-02 00:00:00,soon,100,SEA,ORD',
  '2001-01-02 00:00:00,3.5,100,SEA,ORD',
  '2001-01-02 00:00:00,5,-1,SEA,ORD',
  '2001-01-02 00:00:00,5,9000,SEA,ORD',
  '2001-01-02 00:00:00,5,100,sea,ORD',
  '2001-01-02 00:00:00,5,100,SEA',
  '2001-01-02 00:00:00,5,100,SEA,ORD,extra',
  '2001-01-02 00:00:00,5,100,"SEA"x,ORD',
  '',
  '"2001-01-03 00:00:00","15","100","SEA","ORD"',
  '2001-01-02 00:00:00,5,100,"SEA,ORD',
].join('\r\n')

test('a CSV file is sorted row by row, each broken row with its first broken rule', async (t) => {
  const workshop = await openWorkshop(t)
  const { commit, seq, alreadyCommitted } = await workshop.ingest(flightsSpec(), await workshop.put('in/a.csv', DIRTY))
  assert.equal(seq, 1)
  assert.equal(alreadyCommitted, false)
  assert.deepEqual(commit.receipt, {
    rowsIn: 14,
    kept: 3,
    quarantined: 11,
    duplicates: 0,
    dropped: 0,
    erased: 0,
    reasons: {
      'date: nullable': 1,
      'date: type': 1,
      'delay: type': 2,
      'distance: max': 1,
      'distance: min': 1,
      'origin: pattern': 1,
      'row: fields': 2,
      'row: quotes': 2,
    },
  })
  assert.equal(commit.from, '2001-01-01T00:01:00.000Z')
  assert.equal(commit.to, '2001-01-03T00:00:00.000Z')
  const kept = await table(workshop, commit.partition?.uri ?? '')
  assert.deepEqual(kept[1], {
    date: '2001-01-01 00:30:00',
    delay: null,
    distance: '100',
    origin: 'SEA',
    destination: 'ORD',
    hour: '0',
    far: false,
    _label: null,
    _time: '2001-01-01 00:30:00',
  })
  const broken = await table(workshop, commit.quarantine?.uri ?? '')
  assert.deepEqual(
    broken.map(({ _row, _reason }) => `${_row} ${_reason}`),
    [
      '3 date: type',
      '4 date: nullable',
      '5 delay: type',
      '6 delay: type',
      '7 distance: min',
      '8 distance: max',
      '9 origin: pattern',
      '10 row: fields',
      '11 row: fields',
      '12 row: quotes',
      '14 row: quotes',
    ],
  )
  assert.equal(broken[0]?.date, 'yesterday')
  assert.equal(broken[9]?._text, '2001-01-02 00:00:00,5,100,"SEA"x,ORD')
  assert.equal((await verifyAccounting(workshop.context, 'flights')).holds, true)
})

test('poison JSON lines are isolated', async (t) => {
  const workshop = await openWorkshop(t)
  const good = { date: '2001-01-01T00:00:00Z', delay: 20, distance: 100, origin: 'SEA', destination: 'ORD' }
  const body = [
    JSON.stringify(good),
    '{"date": "2001-01-01',
    '[1, 2]',
    'null',
    '\u0001',
    JSON.stringify({ ...good, distance: { deep: 1 } }),
    JSON.stringify({ ...good, origin: undefined }),
    '',
    JSON.stringify({ ...good, delay: null, more: 'ignored' }),
    Buffer.from([0x22, 0xff, 0x22]).toString('latin1'),
  ].join('\n')
  const { commit } = await workshop.ingest(flightsSpec(), await workshop.put('in/a.jsonl', Buffer.from(body, 'latin1')))
  assert.deepEqual(commit.receipt, {
    rowsIn: 9,
    kept: 2,
    quarantined: 7,
    duplicates: 0,
    dropped: 0,
    erased: 0,
    reasons: { 'distance: type': 1, 'origin: nullable': 1, 'row: encoding': 1, 'row: json': 4 },
  })
})

test('what is compressed, has another delimiter, or a byte order mark, has the same rows', async (t) => {
  const row = ['2001-01-01 00:01:00', '33', '1846', 'SEA', 'ORD']
  const names = HEADER.split(',')
  const variants = {
    'a.csv': `${HEADER}\n${row.join(',')}`,
    'a.tsv': `${names.join('\t')}\n${row.join('\t')}\n`,
    'b.csv': `\uFEFF${names.join(';')};other\r\n${row.join(';')};\r\n`,
    'c.csv': `other,"${names.reverse().join('","')}"\n"a\nb ""c""",${row.toReversed().join(',')}\n`,
    'a.CSV.gz': gzipSync(`${HEADER}\n${row.join(',')}\n`),
    'a.ndjson.gz': gzipSync(
      JSON.stringify(Object.fromEntries(HEADER.split(',').map((name, index) => [name, row[index]]))),
    ),
  }
  const digests = new Set<string | undefined>()
  for (const [name, body] of Object.entries(variants)) {
    const workshop = await openWorkshop(t)
    const { commit } = await workshop.ingest(flightsSpec(), await workshop.put(`in/${name}`, body))
    assert.deepEqual(
      { ...commit.receipt, name },
      { rowsIn: 1, kept: 1, quarantined: 0, duplicates: 0, dropped: 0, erased: 0, reasons: {}, name },
    )
    digests.add(commit.partition?.sha256)
  }
  assert.equal(digests.size, 1)
})

test('a file that cannot be read is committed with its bytes in quarantine', async (t) => {
  const workshop = await openWorkshop(t)
  const parquet = join(workshop.folder, 'whole.parquet')
  await query(
    `COPY (SELECT TIMESTAMP '2001-01-01' AS date, 1 AS delay, i AS distance, 'SEA' AS origin, 'ORD' AS destination FROM range(5000) t(i)) TO '${parquet}' (FORMAT parquet)`,
  )
  const whole = await readFile(parquet)
  const damaged = Buffer.from(whole).fill(0x55, 40, whole.length - 1500)
  const cases: [name: string, body: string | Uint8Array, reason: RegExp][] = [
    ['cut.parquet', whole.subarray(0, whole.length / 2), /^in\/cut\.parquet: not a whole Parquet file$/],
    ['damaged.parquet', damaged, /^in\/damaged\.parquet: damaged: /],
    ['empty.csv', '', /the file is empty: expected a header line$/],
    ['lacks.csv', 'date,delay,distance,origin\n', /: missing column destination; found date, delay, distance, origin$/],
    ['twice.csv', `${HEADER},delay\n`, /: column delay is there twice; found /],
    ['utf16.csv', Buffer.from(`${HEADER}\n`, 'utf16le'), /: the header has NUL bytes: UTF-16 needs a byte order mark$/],
    ['cut.csv.gz', gzipSync(`${HEADER}\n`).subarray(0, 30), /: not a whole gzip file: /],
    ['long.jsonl', `"${'x'.repeat(3 << 20)}"`, /a row is longer than 1048576 bytes/],
    ['report.pdf', 'hello', /its name has none of the known endings: \.csv, /],
  ]
  for (const [name, body, reason] of cases) {
    const { commit } = await workshop.ingest(flightsSpec(), await workshop.put(`in/${name}`, body))
    const { unreadable, ...receipt } = commit.receipt
    assert.deepEqual(
      receipt,
      { rowsIn: 0, kept: 0, quarantined: 0, duplicates: 0, dropped: 0, erased: 0, reasons: {} },
      name,
    )
    assert.match(unreadable ?? '', reason)
    assert.equal(commit.quarantine?.sha256, commit.batch)
    assert.deepEqual(await workshop.object(commit.quarantine?.uri ?? ''), Buffer.from(body))
  }
  const good = await workshop.ingest(flightsSpec(), await workshop.put('in/good.parquet', whole))
  assert.equal(good.commit.receipt.kept, 5000)
  const account = await verifyAccounting(workshop.context, 'flights')
  assert.deepEqual(
    { ...account, differences: account.differences.join('\n') },
    {
      holds: true,
      batches: 10,
      unreadable: 9,
      rowsIn: 5000,
      kept: 5000,
      quarantined: 0,
      duplicates: 0,
      dropped: 0,
      erased: 0,
      differences: '',
    },
  )
})

test('the same bytes again are duplicates, the same batch again changes nothing', async (t) => {
  const workshop = await openWorkshop(t)
  const spec = flightsSpec()
  const source = await workshop.put('in/a.csv', DIRTY)
  const first = await workshop.ingest(spec, source)
  assert.deepEqual(await workshop.ingest(spec, source), { ...first, alreadyCommitted: true })
  const copied = await workshop.ingest(spec, await workshop.put('in/b.csv', DIRTY))
  assert.deepEqual(copied.commit.receipt, {
    rowsIn: 14,
    kept: 0,
    quarantined: 0,
    duplicates: 14,
    dropped: 0,
    erased: 0,
    reasons: {},
  })
  assert.equal(copied.commit.partition, undefined)
  await touch(join(workshop.folder, 'in/a.csv'), new Date('2020-01-01'))
  const touched = await workshop.ingest(spec, await workshop.find('in/a.csv'))
  assert.equal(touched.commit.receipt.duplicates, 14)
  const account = await verifyAccounting(workshop.context, 'flights')
  assert.deepEqual([account.holds, account.batches, account.rowsIn, account.duplicates], [true, 3, 42, 28])
})

test('of concurrent ingesters one keeps the rows', async (t) => {
  const workshop = await openWorkshop(t)
  const spec = flightsSpec()
  const [one, other] = [await workshop.put('in/a.csv', DIRTY), await workshop.put('in/b.csv', DIRTY)]
  const results = await Promise.all([one, one, one, other, other].map((source) => workshop.ingest(spec, source)))
  assert.deepEqual(new Set(results.map(({ seq }) => seq)), new Set([1, 2]))
  const { commits } = await openSnapshot(workshop.context, 'flights')
  assert.deepEqual(commits.map(({ receipt }) => receipt.kept).sort(), [0, 3])
  assert.deepEqual(
    commits.map(({ ingestedBy }) => ingestedBy),
    ['test', 'test'],
  )
  assert.equal((await verifyAccounting(workshop.context, 'flights')).holds, true)
})

test('an unreadable batch is read again when it is offered again under another spec', async (t) => {
  const workshop = await openWorkshop(t)
  const body = 'date,distance,origin,destination\n2001-01-01,100,SEA,ORD\n'
  const first = await workshop.ingest(flightsSpec(), await workshop.put('in/a.csv', body))
  assert.match(first.commit.receipt.unreadable ?? '', /missing column delay/)
  const columns = {
    date: { type: 'date' },
    distance: { type: 'integer' },
    origin: { type: 'string' },
    destination: { type: 'string' },
  }
  const second = await workshop.ingest(
    flightsSpec({ columns, label: { sql: 'NULL' } }),
    await workshop.put('in/b.csv', body),
  )
  assert.equal(second.commit.receipt.kept, 1)
})

test('an expression that fails on a row quarantines the row', async (t) => {
  const workshop = await openWorkshop(t)
  const data = {
    derived: { code: { type: 'integer', sql: "CAST(replace(origin, 'A', '1') AS INTEGER) -- digits" } },
    features: ['code'],
    columns: { date: { type: 'timestamp' }, origin: { type: 'string' } },
    label: { sql: 'CAST(10 - code AS UTINYINT) > 5' },
  }
  const spec = flightsSpec(data, { baseline: { kind: 'rule', score: '0.5' } })
  const body = 'date,origin\n2001-01-01,7\n2001-01-01,AA\n2001-01-01,x\n2001-01-01,2\n9999999-01-01,2'
  const { commit } = await workshop.ingest(spec, await workshop.put('in/a.csv', body))
  assert.deepEqual(commit.receipt, {
    rowsIn: 5,
    kept: 2,
    quarantined: 3,
    duplicates: 0,
    dropped: 0,
    erased: 0,
    reasons: { 'code: sql': 1, 'date: type': 1, 'label: sql': 1 },
  })
})

test('a file that is gone is an error until its batch is committed', async (t) => {
  const workshop = await openWorkshop(t)
  const spec = flightsSpec()
  const source = await workshop.put('in/a.csv', DIRTY)
  await rm(join(workshop.folder, 'in/a.csv'))
  const error = await rejection(workshop.ingest(spec, source), 'UnreadableSource')
  assert.match(error.message, /^Cannot read batch ".*in\/a\.csv": .* Check that the file is still there/)
  assert.equal(error.permanent, false)
})

test('an aborted ingestion ends as cancelled and commits nothing', async (t) => {
  const workshop = await openWorkshop(t)
  const { context, files } = workshop
  const source = await workshop.put('in/a.csv', DIRTY)
  for (const step of ['copying', 'validating', 'storing', 'profiling', 'committing']) {
    const controller = new AbortController()
    const progress = (found: string) => {
      if (found === step) controller.abort()
    }
    const { signal } = controller
    const request = { spec: flightsSpec(), from: files, specRevision: 1, source, actor: 'test', signal, progress }
    await rejection(ingestBatch(context, request), 'Cancelled')
  }
  assert.equal((await openSnapshot(context, 'flights')).seq, 0)
  assert.deepEqual(await readdir(context.scratchFolder), [])
})
