import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { planMix } from '../../../src/data/selection/row-mix.js'
import { type SelectRequest, selectRows } from '../../../src/data/selection/select.js'
import type { TrainingWindow } from '../../../src/decisions/decision.js'
import { flightsSpec, ingestFlights, openWorkshop, query, table, type Workshop } from '../workshop.js'

const ALL: TrainingWindow = {
  from: null,
  to: '2001-02-20T00:00:00Z',
  maxRows: 1_000_000,
  oldUntil: null,
  oldShare: null,
}

async function openFlights(workshop: Workshop, change: Partial<SelectRequest> = {}): Promise<SelectRequest> {
  const spec = flightsSpec()
  await ingestFlights(workshop, spec, { from: '2001-01-01', to: '2001-02-01', every: 100 })
  await ingestFlights(workshop, spec, { from: '2001-02-01', to: '2001-03-01', every: 100 })
  const snapshot = await openSnapshot(workshop.context, 'flights')
  return { spec, snapshot, window: ALL, holdoutDays: 7, asOf: '2001-02-22T00:00:00Z', seed: 1, ...change }
}

/** Counts partitions apart from the code under test. */
async function count(workshop: Workshop, { snapshot }: SelectRequest, where: string): Promise<number> {
  const files = await Promise.all(
    snapshot.commits.map(({ partition }) => workshop.context.storage.toLocalFile(partition?.uri ?? '')),
  )
  const [row] = await query(
    `SELECT count(*) AS rows FROM read_parquet(['${files.join("', '")}']) WHERE _label IS NOT NULL AND ${where}`,
  )
  return Number(row?.rows)
}

test('the holdout is the end of the window, training is the rest, and both know their labels', async (t) => {
  const workshop = await openWorkshop(t)
  const request = await openFlights(workshop)
  const selection = await selectRows(workshop.context, request)
  const { training, validation, holdout, trainingRows, validationRows, holdoutRows, oldRows, from, to } = selection
  assert.equal(trainingRows + validationRows, await count(workshop, request, "_time <= '2001-02-13'"))
  assert.equal(holdoutRows, await count(workshop, request, "_time > '2001-02-13' AND _time <= '2001-02-20'"))
  assert.ok(Math.abs(validationRows / (trainingRows + validationRows) - 0.1) < 0.02)
  assert.equal(oldRows, 0)
  assert.match(from ?? '', /^2001-01-01T/)
  assert.match(to ?? '', /^2001-02-1[23]T/)
  assert.deepEqual([training.rows, validation.rows, holdout.rows], [trainingRows, validationRows, holdoutRows])
  const [first] = await table(workshop, training.uri)
  assert.deepEqual(Object.keys(first ?? {}), ['distance', 'hour', 'far', 'origin', 'destination', 'label', 'weight'])
  assert.equal(first?.weight, 1)
  assert.ok(first?.label === 0 || first?.label === 1)
  const [held] = await table(workshop, holdout.uri)
  assert.deepEqual(Object.keys(held ?? {}), [
    'date',
    'delay',
    'distance',
    'origin',
    'destination',
    'hour',
    'far',
    '_time',
    'label',
  ])
})

test('nothing is selected whose label was not known at that time', async (t) => {
  const workshop = await openWorkshop(t)
  const request = await openFlights(workshop, { asOf: '2001-02-15T12:00:00Z' })
  const { holdout, holdoutRows } = await selectRows(workshop.context, request)
  assert.equal(
    holdoutRows,
    await count(workshop, request, "_time > '2001-02-07 12:00' AND _time <= '2001-02-14 12:00'"),
  )
  const times = (await table(workshop, holdout.uri)).map(({ _time }) => String(_time))
  assert.ok(times.every((time) => time <= '2001-02-14 12:00:00'))
})

test('the same request gives the same objects, another seed other rows', async (t) => {
  const workshop = await openWorkshop(t)
  const request = await openFlights(workshop, { window: { ...ALL, maxRows: 3000 } })
  const one = await selectRows(workshop.context, request)
  assert.deepEqual(await selectRows({ ...workshop.context, threads: 4 }, request), one)
  const other = await selectRows(workshop.context, { ...request, seed: 2 })
  assert.notDeepEqual(other.training, one.training)
})

test('of too many rows the newest are kept whole and the older ones thinned', async (t) => {
  const workshop = await openWorkshop(t)
  const request = await openFlights(workshop, { window: { ...ALL, maxRows: 2000 }, validationShare: 0 })
  const { training, trainingRows, validationRows } = await selectRows(workshop.context, request)
  assert.deepEqual([trainingRows, validationRows], [2000, 0])
  assert.equal((await table(workshop, training.uri)).length, 2000)
})

test('old and new rows are mixed as asked', async (t) => {
  const workshop = await openWorkshop(t)
  const window = { ...ALL, oldUntil: '2001-02-01T00:00:00Z' }
  const request = await openFlights(workshop, { window: { ...window, oldShare: 0.25 }, validationShare: 0 })
  const newRows = await count(workshop, request, "_time > '2001-02-01' AND _time <= '2001-02-13'")
  const mixed = await selectRows(workshop.context, request)
  assert.equal(mixed.oldRows, Math.round(newRows / 3))
  assert.equal(mixed.trainingRows, newRows + mixed.oldRows)
  const capped = await selectRows(workshop.context, { ...request, window: { ...window, oldShare: 0.5, maxRows: 1000 } })
  assert.deepEqual([capped.oldRows, capped.trainingRows], [500, 1000])
})

test('a window without rows gives tables without rows', async (t) => {
  const workshop = await openWorkshop(t)
  const spec = flightsSpec()
  const empty = {
    spec,
    snapshot: await openSnapshot(workshop.context, 'flights'),
    window: ALL,
    holdoutDays: 7,
    asOf: ALL.to,
    seed: 1,
  }
  const selection = await selectRows(workshop.context, empty)
  const { trainingRows, oldRows, validationRows, holdoutRows, from, to } = selection
  assert.deepEqual([trainingRows, oldRows, validationRows, holdoutRows, from, to], [0, 0, 0, 0, null, null])
  assert.deepEqual(await table(workshop, selection.training.uri), [])
  const request = await openFlights(workshop, { window: { ...ALL, to: '1999-01-01T00:00:00Z' } })
  assert.equal((await selectRows(workshop.context, request)).holdoutRows, 0)
})

test('an arriving column named label gives way to the label in the holdout', async (t) => {
  const workshop = await openWorkshop(t)
  const columns = { date: { type: 'timestamp' }, x: { type: 'number' }, label: { type: 'string' } }
  const spec = flightsSpec(
    { columns, derived: {}, features: ['x'], label: { sql: "label = 'yes'" } },
    { baseline: { kind: 'rule', score: 'x' } },
  )
  await workshop.ingest(spec, await workshop.put('in/a.csv', 'date,x,label\n2001-02-19,0.5,yes\n2001-02-18,0.1,no\n'))
  const snapshot = await openSnapshot(workshop.context, 'flights')
  const { holdout } = await selectRows(workshop.context, {
    spec,
    snapshot,
    window: ALL,
    holdoutDays: 7,
    asOf: ALL.to,
    seed: 1,
  })
  assert.deepEqual(
    (await table(workshop, holdout.uri)).map(({ x, label }) => [x, label]),
    [
      [0.5, 1],
      [0.1, 0],
    ],
  )
})

test('the plan of a mix never exceeds what there is', () => {
  const plan = (old: number, fresh: number, maxRows: number, oldShare: number | null) =>
    planMix({ old, new: fresh }, { maxRows, oldUntil: '2001-01-01', oldShare }).map(
      ({ group, quota }) => `${group} ${quota}`,
    )
  const cases: [plan: string[], expected: string[]][] = [
    [plan(100, 100, 1000, null), ['all 200']],
    [plan(100, 100, 150, null), ['all 150']],
    [plan(100, 100, 1000, 0.5), ['old 100', 'new 100']],
    [plan(100, 300, 1000, 0.5), ['old 100', 'new 300']],
    [plan(1000, 100, 1000, 0.5), ['old 100', 'new 100']],
    [plan(1000, 1000, 100, 0.5), ['old 50', 'new 50']],
    [plan(1000, 1000, 100, 0), ['old 0', 'new 100']],
    [plan(1000, 1000, 100, 1), ['old 100', 'new 0']],
    [plan(1000, 0, 100, 0.5), ['old 0', 'new 0']],
  ]
  for (const [found, expected] of cases) assert.deepEqual(found, expected)
})
