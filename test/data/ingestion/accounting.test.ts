import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { verifyAccounting } from '../../../src/data/verify/verify.js'
import { flightsSpec, openWorkshop, table } from '../workshop.js'

const HEADER = 'date,delay,distance,origin,destination'

/** A line, and the reason for which its row must be broken; null for a sound row. */
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: cells(fc.integer({ min: 0, max: 6000 }).map(String)).map((text) => ({ text, reason: null })),
  },
  row('2001-02-30,1,1,SEA,ORD', 'date: type'),
  row(',1,1,SEA,ORD', 'date: nullable'),
  row('2001-01-01,1.5,1,SEA,ORD', 'delay: type'),
  row('2001-01-01,1,99999999999999999999,SEA,ORD', 'distance: type'),
  row('2001-01-01,1,6001,SEA,ORD', 'distance: max'),
  row('2001-01-01,1,1,SEAT,ORD', 'origin: pattern'),
  row('2001-01-01,1,1,SEA', 'row: fields'),
  row(',,,,,,,', 'row: fields'),
  row('2001-01-01,1,1,"SEA" ,ORD', 'row: quotes'),
  row('2001-01-01,1,1,SEA,OR\u00ff', 'row: encoding'),
)

/** A sound row in one of the ways to write it. */
function cells(distance: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const values = fc.tuple(
    fc.constant('2001-01-01 00:00:00'),
    fc.constantFrom('', '-5', '15'),
    distance,
    fc.constant('SEA'),
    fc.constant('ORD'),
  )
  return fc.tuple(values, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 })).map(([cells, quoted]) => {
    return cells.map((cell, index) => (quoted[index] ? `"${cell}"` : cell)).join(',')
  })
}

function row(text: string, reason: string): fc.Arbitrary<{ text: string; reason: string }> {
  return fc.constant({ text, reason })
}

test('rows in are exactly the rows kept, in quarantine, or duplicates, each with the reason that was planted', async (t) => {
  const workshop = await openWorkshop(t)
  let file = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 40 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      async (lines, end, ends) => {
        file++
        // A sound first row that is the file's own, so that no two files have the same bytes.
        const own = { text: `2001-01-01,${file},0,SEA,ORD`, reason: null }
        const body = [HEADER, ...[own, ...lines].map(({ text }) => text)].join(end) + (ends ? end : '')
        const expected: Record<string, number> = {}
        for (const { reason } of lines) if (reason !== null) expected[reason] = (expected[reason] ?? 0) + 1
        const source = await workshop.put(`in/${file}.csv`, Buffer.from(body, 'latin1'))
        const { commit } = await workshop.ingest(flightsSpec(), source)
        const broken = lines.filter(({ reason }) => reason !== null).length
        assert.deepEqual(commit.receipt, {
          rowsIn: lines.length + 1,
          kept: lines.length + 1 - broken,
          quarantined: broken,
          duplicates: 0,
          dropped: 0,
          erased: 0,
          reasons: expected,
        })
      },
    ),
    { numRuns: 12 },
  )
  const account = await verifyAccounting(workshop.context, 'flights')
  assert.deepEqual([account.holds, account.differences, account.batches], [true, [], file])
})

test('no bytes make the reader and the count disagree', async (t) => {
  const workshop = await openWorkshop(t)
  const columns = { date: { type: 'string', nullable: true }, word: { type: 'string', nullable: true } }
  const spec = flightsSpec(
    {
      columns,
      derived: { time: { type: 'timestamp', sql: "TIMESTAMP '2001-01-01'" } },
      eventTime: 'time',
      features: ['word'],
      label: { sql: 'true' },
    },
    { baseline: { kind: 'rule', score: '0.5' } },
  )
  const piece = fc.constantFrom(
    '"',
    ',',
    '\n',
    '\r\n',
    '\r',
    'a',
    '1',
    '""',
    '"a"',
    '\\',
    "'",
    '\0',
    '\u0001',
    'é',
    '\u00ff\u00fe',
    '#',
    ' ',
  )
  let file = 0
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.constantFrom('csv', 'jsonl'), async (pieces, ending) => {
      file++
      const body = Buffer.from(`date,word\n${pieces.join('')}\n`, 'latin1')
      const { commit } = await workshop.ingest(spec, await workshop.put(`in/${file}.${ending}`, body))
      const { rowsIn, kept, quarantined, duplicates, unreadable } = commit.receipt
      assert.equal(unreadable, undefined)
      assert.equal(rowsIn, kept + quarantined + duplicates)
    }),
    { numRuns: 20 },
  )
})

test('the account names what does not hold', async (t) => {
  const workshop = await openWorkshop(t)
  const { context } = workshop
  const body = `${HEADER}\n2001-01-01,1,1,SEA,ORD\n2001-01-01,1,1,SEA,ORDER\n`
  const { commit } = await workshop.ingest(flightsSpec(), await workshop.put('in/a.csv', body))
  await workshop.ingest(flightsSpec(), await workshop.put('in/b.csv', 'nothing'))
  const { commit: other } = await workshop.ingest(
    flightsSpec(),
    await workshop.put('in/c.csv', body.replace('2001', '2002')),
  )
  assert.equal((await table(workshop, commit.quarantine?.uri ?? '')).length, 1)
  const path = async (uri = '') => context.storage.toLocalFile(uri)
  const partition = await path(commit.partition?.uri)
  await rm(partition)
  await writeFile(partition, (await readFile(await path(other.partition?.uri))).subarray(1))
  await context.storage.remove(other.profile?.uri ?? '')
  const { holds, differences } = await verifyAccounting(context, 'flights')
  assert.equal(holds, false)
  assert.equal(differences.length, 2)
  assert.match(
    differences[0] ?? '',
    /^commit 1 \(in\/a\.csv\): partition: Cannot use "datasets\/flights\/partitions\/.* Restore the object from a backup\.$/,
  )
  assert.match(
    differences[1] ?? '',
    /^commit 3 \(in\/c\.csv\): profile: Cannot read ".*" in store .*: there is no such object\.$/,
  )
  await context.storage.remove('datasets/flights/log/000000000002.json')
  const [gap] = (await verifyAccounting(context, 'flights')).differences
  assert.match(gap ?? '', /^log: .*datasets\/flights\/log/)
})
