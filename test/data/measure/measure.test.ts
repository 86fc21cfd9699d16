import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { measureSource } from '../../../src/data/measure/measure.js'
import { flightsSpec, openWorkshop } from '../workshop.js'

test('a source is measured as ingestion would read it, and nothing is stored', async (t) => {
  const workshop = await openWorkshop(t)
  const { context, files } = workshop
  const header = 'date,delay,distance,origin,destination\n'
  await workshop.put('in/a.csv', `${header}2001-01-01,20,1,SEA,ORD\n2001-01-05,,1,SEA,ORD\n2001-01-02,1,-1,SEA,ORD\n`)
  await workshop.put('in/b.csv', `${header}2001-02-01,1,1,SEA,ORD\n`)
  await workshop.put('in/c.csv', 'date\n')
  await workshop.put('in/d.txt', '')
  assert.deepEqual(await measureSource(context, flightsSpec(), files), {
    files: 4,
    filesRead: 4,
    rows: 4,
    labelled: 2,
    positives: 1,
    from: '2001-01-01T00:00:00.000Z',
    to: '2001-02-01T00:00:00.000Z',
    quarantineShare: 0.25,
    reasons: { 'distance: min': 1 },
    unreadable: [
      { path: 'in/c.csv', reason: 'missing column delay, distance, origin, destination; found date' },
      {
        path: 'in/d.txt',
        reason:
          'its name has none of the known endings: .csv, .tsv, .parquet, .jsonl, .ndjson, .json, each also with .gz or .zst',
      },
    ],
  })
  assert.equal((await openSnapshot(context, 'flights')).seq, 0)
})
