/** The data gate, and what a person takes out of quarantine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commitAt, datasetLog } from '../../../src/data/dataset/dataset-log.js'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import {
  decidedCommits,
  readWaitingRows,
  requireWaiting,
  waitingBatches,
} from '../../../src/data/quarantine/quarantine.js'
import { type TakeRequest, takeRows } from '../../../src/data/quarantine/take-rows.js'
import { verifyAccounting } from '../../../src/data/verify/verify.js'
import { rejection } from '../../support/rejection.js'
import { flightsSpec, openWorkshop, table, type Workshop } from '../workshop.js'

const HEADER = 'date,delay,distance,origin,destination'
const good = (distance: number) => `2001-01-01,20,${distance},SEA,ORD`
const GATED = flightsSpec({ maxQuarantineShare: 0.25 })

/** As {@link GATED}, after its owner found that flights are longer. */
const columns = { ...GATED.data.columns, distance: { type: 'integer', min: 0, max: 9000 } }
const CORRECTED = flightsSpec({ columns, maxQuarantineShare: 0.25 })

const ingest = async (workshop: Workshop, name: string, rows: readonly string[], spec = GATED) =>
  workshop.ingest(spec, await workshop.put(`in/${name}`, [HEADER, ...rows, ''].join('\n')))

const take = ({ context }: Workshop, request: Partial<TakeRequest> & Pick<TakeRequest, 'verb' | 'of'>) =>
  takeRows(context, { spec: GATED, specRevision: 2, actor: 'ada', why: 'looked at it', ...request })

const waiting = async ({ context }: Workshop) =>
  waitingBatches((await openSnapshot(context, 'flights')).commits).map(({ commit, reasons }) => [commit.seq, reasons])

async function sums({ context }: Workshop) {
  const { differences, rowsIn, kept, quarantined, duplicates, dropped } = await verifyAccounting(context, 'flights')
  assert.deepEqual(differences, [])
  return { rowsIn, kept, quarantined, duplicates, dropped }
}

test('a batch with more broken rows than the limit is stopped whole, and says so', async (t) => {
  const workshop = await openWorkshop(t)
  const edge = await ingest(workshop, 'edge.csv', [good(1), good(2), good(3), good(7000)])
  assert.deepEqual([edge.commit.receipt.kept, edge.commit.receipt.stopped], [3, undefined])
  const { commit } = await ingest(workshop, 'bad.csv', [
    good(4),
    good(7001),
    'never,20,5,SEA,ORD',
    good(6),
    good(7),
    good(8),
  ])
  assert.deepEqual(commit.receipt, {
    rowsIn: 6,
    kept: 0,
    quarantined: 6,
    duplicates: 0,
    dropped: 0,
    erased: 0,
    reasons: { 'batch: 33.33 % broken, limit 25 %': 4, 'date: type': 1, 'distance: max': 1 },
    stopped: { broken: 2, limit: 0.25 },
  })
  assert.deepEqual([commit.partition, commit.from, commit.to], [undefined, null, null])
  assert.equal((await table(workshop, commit.quarantine?.uri ?? '')).length, 6)
  assert.deepEqual(await sums(workshop), { rowsIn: 10, kept: 3, quarantined: 7, duplicates: 0, dropped: 0 })
})

test('a stopped batch that is released keeps its sound rows, once', async (t) => {
  const workshop = await openWorkshop(t)
  await ingest(workshop, 'bad.csv', [good(4), good(7000), good(7001), good(6)])
  const { kind, seq, commit } = await taken(take(workshop, { verb: 'release', of: 1 }))
  assert.deepEqual([kind, seq], ['taken', 2])
  assert.deepEqual(commit.receipt, {
    rowsIn: 4,
    kept: 2,
    quarantined: 2,
    duplicates: 0,
    dropped: 0,
    erased: 0,
    reasons: { 'distance: max': 2 },
  })
  assert.deepEqual(commit.taken, { of: 1, verb: 'release', rule: null, why: 'looked at it' })
  const { commits } = await openSnapshot(workshop.context, 'flights')
  assert.deepEqual([commits[1]?.ingestedBy, commits[1]?.specRevision, commits[1]?.batch], ['ada', 2, commits[0]?.batch])
  assert.deepEqual(await taken(take(workshop, { verb: 'release', of: 1, why: 'again' })), {
    kind: 'known',
    seq,
    commit,
  })
  assert.deepEqual(await waiting(workshop), [[2, { 'distance: max': 2 }]])
  assert.deepEqual(await sums(workshop), { rowsIn: 4, kept: 2, quarantined: 2, duplicates: 0, dropped: 0 })
  const rows = await table(workshop, commit.partition?.uri ?? '')
  assert.deepEqual(
    rows.map(({ distance, _label, hour }) => [distance, _label, hour]),
    [
      ['4', true, '0'],
      ['6', true, '0'],
    ],
  )
})

test('rows are released by the corrected spec, or dropped, all of a reason or of a column at once', async (t) => {
  const workshop = await openWorkshop(t)
  const text = '2001-01-01,20,1,SEA,ORD,more'
  const rows = [
    good(7000),
    good(9001),
    'never,20,5,SEA,ORD',
    good(-1),
    text,
    ...Array.from({ length: 20 }, () => good(1)),
  ]
  await ingest(workshop, 'a.csv', rows)
  const nothing = await take(workshop, { verb: 'release', of: 1 })
  assert.deepEqual(nothing, { kind: 'nothing', reason: 'none of 5 rows is sound by revision 2 of the spec' })
  const released = await taken(take(workshop, { verb: 'release', of: 1, rule: 'distance: max', spec: CORRECTED }))
  assert.deepEqual([released.commit.receipt.kept, released.commit.receipt.reasons], [1, { 'distance: max': 1 }])
  const unknown = await rejection(take(workshop, { verb: 'drop', of: 1, rule: 'distance: max' }), 'NotFound')
  assert.equal(
    unknown.message,
    'Cannot find rows of rule "distance: max" in batch 1: reasons there are date: type, distance: min, row: fields.',
  )
  const dropped = await taken(take(workshop, { verb: 'drop', of: 1, rule: 'distance' }))
  assert.deepEqual([dropped.commit.receipt.rowsIn, dropped.commit.receipt.dropped], [1, 1])
  const left = requireWaiting((await openSnapshot(workshop.context, 'flights')).commits, 1)
  const sample = await readWaitingRows(workshop.context, left, 10)
  assert.deepEqual(
    sample.map(({ row, line, reason, text, values }) => [row, line, reason, text, values.date]),
    [
      [3, 4, 'date: type', null, 'never'],
      [5, 6, 'row: fields', text, null],
    ],
  )
  await take(workshop, { verb: 'drop', of: 1 })
  assert.match((await rejection(take(workshop, { verb: 'release', of: 1 }), 'NotFound')).message, /nothing of it waits/)
  assert.match((await rejection(take(workshop, { verb: 'drop', of: 9 }), 'NotFound')).message, /there is none/)
  assert.deepEqual(await waiting(workshop), [[2, { 'distance: max': 1 }]])
  assert.deepEqual(await sums(workshop), { rowsIn: 25, kept: 21, quarantined: 1, duplicates: 0, dropped: 3 })
})

test('a batch that could not be read is released from its bytes, by the spec as it is now', async (t) => {
  const workshop = await openWorkshop(t)
  const body = 'date,distance,origin,destination\n2001-01-01,1,SEA,ORD\n2001-01-01,-1,SEA,ORD\n'
  const source = await workshop.put('in/a.csv', body)
  await workshop.ingest(GATED, source)
  const still = await take(workshop, { verb: 'release', of: 1 })
  assert.match(still.kind === 'nothing' ? still.reason : '', /^it can still not be read: missing column delay/)
  const { delay: _, ...others } = GATED.data.columns
  const spec = flightsSpec({ columns: others, label: { sql: 'NULL' } })
  const { commit } = await taken(take(workshop, { verb: 'release', of: 1, spec }))
  assert.deepEqual([commit.receipt.rowsIn, commit.receipt.kept, commit.receipt.quarantined], [2, 1, 1])
  // Its rows are there now: the same bytes again are duplicates, the same arrival is the old commit.
  const again = await workshop.ingest(spec, await workshop.put('in/b.csv', body))
  assert.equal(again.commit.receipt.duplicates, 2)
  assert.equal((await workshop.ingest(spec, source)).seq, 1)
  assert.deepEqual(await sums(workshop), { rowsIn: 4, kept: 1, quarantined: 1, duplicates: 2, dropped: 0 })
})

test('bytes that nobody has seen the rows of pass the gate first; bytes may be dropped, or be known by now', async (t) => {
  const workshop = await openWorkshop(t)
  for (const name of ['a', 'b', 'c'])
    await workshop.ingest(GATED, await workshop.put(`in/${name}.csv`, `date\n2001-01-01,${name}\n`))
  const columns = { date: { type: 'date' } }
  const spec = flightsSpec(
    { columns, derived: {}, features: ['date'], label: { sql: 'true' }, maxQuarantineShare: 0.5 },
    { baseline: { kind: 'rule', score: '0.5' } },
  )
  const { commit } = await taken(take(workshop, { verb: 'release', of: 1, spec }))
  assert.deepEqual(commit.receipt.stopped, { broken: 1, limit: 0.5 })
  await take(workshop, { verb: 'drop', of: 2 })
  const copy = await workshop.ingest(spec, await workshop.put('in/d.csv', 'date\n2001-01-01,c\n'))
  const known = await taken(take(workshop, { verb: 'release', of: 3, spec }))
  assert.deepEqual([copy.commit.receipt.rowsIn, known.commit.receipt.duplicates], [1, 1])
  assert.deepEqual(await sums(workshop), { rowsIn: 3, kept: 0, quarantined: 2, duplicates: 1, dropped: 0 })
})

test('of two people who decide at the same time one decides', async (t) => {
  const workshop = await openWorkshop(t)
  await ingest(workshop, 'bad.csv', [good(4), good(7000), good(7001), good(6)])
  const results = await Promise.allSettled([
    take(workshop, { verb: 'release', of: 1, actor: 'ada' }),
    take(workshop, { verb: 'release', of: 1, actor: 'bob' }),
    take(workshop, { verb: 'drop', of: 1, actor: 'eve' }),
    take(workshop, { verb: 'drop', of: 1, rule: 'distance', actor: 'dan' }),
  ])
  for (const result of results) {
    if (result.status === 'rejected') assert.match(String(result.reason), /Cannot find/)
  }
  const { rowsIn, kept, quarantined, dropped } = await sums(workshop)
  assert.equal(rowsIn, 4)
  assert.equal(kept + quarantined + dropped, 4)
})

test('a batch raises no alarm any more once a person took all of it; what is released stopped does', async (t) => {
  const workshop = await openWorkshop(t)
  await ingest(workshop, 'a.csv', [good(4), good(7000), 'never,20,5,SEA,ORD', good(6)])
  const decided = async () => [...decidedCommits((await openSnapshot(workshop.context, 'flights')).commits)]
  await take(workshop, { verb: 'drop', of: 1, rule: 'distance' })
  assert.deepEqual(await decided(), [2])
  await take(workshop, { verb: 'release', of: 1 })
  assert.deepEqual(await decided(), [1, 2, 3])
})

test('the account names rows that were taken twice, and rows that were never there', async (t) => {
  const workshop = await openWorkshop(t)
  const { commit } = await ingest(workshop, 'a.csv', [good(4), good(5), good(6), good(7000)])
  await take(workshop, { verb: 'drop', of: 1 })
  const log = datasetLog(workshop.context.storage, 'flights')
  const { receipt } = (await commitAt(log, 2)).commit
  const entry = { batch: commit.batch, source: commit.source, receipt, from: null, to: null, specRevision: 1 }
  const forge = (id: string, taken: object) =>
    log.append({
      id,
      actor: 'test',
      body: { ...entry, taken: { of: 1, verb: 'drop', rule: null, why: 'x', ...taken } },
    })
  await forge('twice', {})
  await forge('later', { of: 9 })
  const { holds, differences } = await verifyAccounting(workshop.context, 'flights')
  assert.equal(holds, false)
  assert.deepEqual(differences, [
    'commit 3 (in/a.csv): 1 rows were taken from commit 1, 0 were there',
    'commit 4 (in/a.csv): its rows come from commit 9, which is not before it',
  ])
})

async function taken(outcome: ReturnType<typeof takeRows>) {
  const found = await outcome
  if (found.kind === 'nothing') return assert.fail(found.reason)
  return found
}
