import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadProfiles, openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { readBins } from '../../../src/data/profile/bins.js'
import { profileFile } from '../../../src/data/profile/profile.js'
import { mergeProfiles } from '../../../src/statistics/merge-profiles.js'
import { rejection } from '../../support/rejection.js'
import { flightsSpec, ingestFlights, openWorkshop, query } from '../workshop.js'

test('bins are closed above, and every kind of missing value is counted apart', async (t) => {
  const { context, folder } = await openWorkshop(t)
  const file = join(folder, 'a.parquet')
  const rows = [
    "('1', 'a')",
    "('2.0', 'a')",
    "('2.5', 'b')",
    "('3.0', 'b')",
    "('9.0', 'b')",
    '(NULL, NULL)',
    "('nan', 'c')",
    "('-inf', '')",
  ]
  await query(
    `COPY (SELECT v::DOUBLE AS x, w, v::DOUBLE > 2 AS _label, TIMESTAMP '2001-01-01 00:00:00.0005' AS _time FROM (VALUES ${rows.join(', ')}) t(v, w)) TO '${file}' (FORMAT parquet)`,
  )
  const spec = flightsSpec({
    columns: { date: { type: 'timestamp' }, x: { type: 'number' }, w: { type: 'string' } },
    derived: {},
    features: ['x', 'w'],
  })
  assert.deepEqual(await profileFile(context, { spec, file, bins: { revision: 3, edges: { x: [1, 2, 3] } } }), {
    version: 1,
    bins: 3,
    rows: 8,
    from: '2001-01-01T00:00:00.000500Z',
    to: '2001-01-01T00:00:00.000500Z',
    columns: {
      x: {
        kind: 'numeric',
        edges: [1, 2, 3],
        counts: [1, 1, 2, 1],
        sums: [1, 2, 5.5, 9],
        nulls: 1,
        notFinite: 2,
        min: 1,
        max: 9,
      },
      w: { kind: 'categorical', counts: { b: 3, a: 2, c: 1, '': 1 }, other: 0, nulls: 1 },
    },
    label: { known: 7, positive: 4 },
  })
  const error = await rejection(profileFile(context, { spec, file, bins: { revision: 3, edges: {} } }), 'InvalidInput')
  assert.equal(error.message, 'Cannot profile column "x": bins revision 3 has no edges for it.')
})

test('of many categories the thousand most frequent are named', async (t) => {
  const { context, folder } = await openWorkshop(t)
  const file = join(folder, 'a.parquet')
  await query(`COPY (SELECT 'c' || (i % 1500) AS w FROM range(4000) t(i)) TO '${file}' (FORMAT parquet)`)
  const spec = flightsSpec({
    columns: { date: { type: 'timestamp' }, w: { type: 'string' } },
    derived: {},
    features: ['w'],
  })
  const { columns, rows, from, label } = await profileFile(context, { spec, file, bins: { revision: 1, edges: {} } })
  assert.deepEqual([rows, from, label], [4000, null, { known: 0, positive: 0 }])
  assert.ok(columns.w?.kind === 'categorical')
  assert.equal(Object.keys(columns.w.counts).length, 1000)
  assert.deepEqual(new Set(Object.values(columns.w.counts)), new Set([3]))
  assert.equal(columns.w.other, 1000)
})

test('profiles of two months merge to the profile of both', async (t) => {
  const workshop = await openWorkshop(t)
  const { context, folder } = workshop
  const spec = flightsSpec()
  const january = await ingestFlights(workshop, spec, { from: '2001-01-01', to: '2001-02-01', every: 50 })
  const february = await ingestFlights(workshop, spec, { from: '2001-02-01', to: '2001-03-01', every: 50 })
  const bins = await readBins(context.storage, 'flights')
  assert.ok(bins !== undefined)
  assert.equal(bins.revision, 1)
  const { distance = [], far = [] } = bins.edges
  assert.deepEqual(far, [0, 1])
  assert.ok(distance.length > 100 && distance.length <= 199)
  assert.ok(distance.every((edge, index) => index === 0 || edge > (distance[index - 1] ?? 0)))
  const files = await Promise.all(
    [january, february].map(({ commit }) => context.storage.toLocalFile(commit.partition?.uri ?? '')),
  )
  const both = join(folder, 'both.parquet')
  await query(`COPY (SELECT * FROM read_parquet(['${files.join("', '")}'])) TO '${both}' (FORMAT parquet)`)
  const merged = mergeProfiles(await loadProfiles(context, (await openSnapshot(context, 'flights')).commits))
  assert.deepEqual(merged, await profileFile(context, { spec, file: both, bins }))
  assert.equal(merged.rows, january.commit.receipt.kept + february.commit.receipt.kept)
})

test('a feature that the spec gained has edges in a new revision, the others keep theirs', async (t) => {
  const workshop = await openWorkshop(t)
  const { storage } = workshop.context
  const body = 'date,delay,distance,origin,destination\n2001-01-01,1,10,SEA,ORD\n2001-01-01,1,20,SEA,ORD\n'
  await workshop.ingest(flightsSpec(), await workshop.put('in/a.csv', body))
  const first = await readBins(storage, 'flights')
  const derived = {
    hour: { type: 'integer', sql: 'hour(date)' },
    far: { type: 'boolean', sql: 'distance > 1000' },
    twice: { type: 'integer', sql: '2 * distance' },
  }
  await workshop.ingest(
    flightsSpec({ derived, features: ['distance', 'hour', 'far', 'twice'] }),
    await workshop.put('in/b.csv', body.replaceAll('10', '30')),
  )
  const second = await readBins(storage, 'flights')
  assert.equal(second?.revision, 2)
  assert.deepEqual({ ...second?.edges, twice: undefined }, { ...first?.edges, twice: undefined })
  assert.equal(second?.edges.twice?.at(-1), 60)
})

test('a snapshot ends at its position', async (t) => {
  const workshop = await openWorkshop(t)
  const { context } = workshop
  assert.deepEqual(await openSnapshot(context, 'flights'), {
    dataset: 'flights',
    seq: 0,
    commits: [],
    partitions: [],
    gone: { erased: 0, dropped: 0 },
  })
  for (const name of ['a', 'b', 'c']) await workshop.ingest(flightsSpec(), await workshop.put(`in/${name}.csv`, name))
  assert.deepEqual(
    (await openSnapshot(context, 'flights')).commits.map(({ seq, source }) => `${seq} ${source.path}`),
    ['1 in/a.csv', '2 in/b.csv', '3 in/c.csv'],
  )
  assert.equal((await openSnapshot(context, 'flights', 2)).commits.length, 2)
  assert.equal((await openSnapshot(context, 'flights', 0)).commits.length, 0)
  const error = await rejection(openSnapshot(context, 'flights', 4), 'NotFound')
  assert.equal(
    error.message,
    'Cannot open dataset "flights" at position 4: its log ends at 3. Name a position up to 3.',
  )
})
