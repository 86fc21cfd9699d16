/** Rows that are known by their key: which of them count as duplicates. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { datasetFolder, datasetLog } from '../../../src/data/dataset/dataset-log.js'
import { ingestBatch } from '../../../src/data/ingestion/ingest.js'
import { verifyAccounting } from '../../../src/data/verify/verify.js'
import { putFile } from '../../../src/storage/objects.js'
import { flightsSpec, openWorkshop, query, table, type Workshop } from '../workshop.js'

const KEYED = {
  columns: {
    at: { type: 'timestamp' },
    id: { type: 'integer' },
    part: { type: 'string' },
    value: { type: 'integer', min: 0 },
  },
  derived: {},
  key: ['id', 'part'],
  keyWindowDays: 10,
  eventTime: 'at',
  features: ['value'],
  label: { sql: 'value > 5' },
}

const keyed = (data: object = {}) => flightsSpec({ ...KEYED, ...data }, { baseline: { kind: 'rule', score: '0.5' } })

let file = 0
const put = (workshop: Workshop, rows: readonly string[]) =>
  workshop.put(`in/${++file}.csv`, `at,id,part,value\n${rows.join('\n')}\n`)

/** Ingests rows `at,id,part,value`; gives the values of the kept ones, and how many were duplicates. */
async function kept(workshop: Workshop, rows: readonly string[], spec = keyed()) {
  const { commit } = await workshop.ingest(spec, await put(workshop, rows))
  const found = commit.partition === undefined ? [] : await table(workshop, commit.partition.uri)
  assert.equal(commit.receipt.kept, found.length)
  return { values: found.map(({ value }) => Number(value)), ...commit.receipt, from: commit.from, to: commit.to }
}

const account = async ({ context }: Workshop) => {
  const { differences, rowsIn, kept, quarantined, duplicates } = await verifyAccounting(context, 'flights')
  return { differences, rowsIn, kept, quarantined, duplicates }
}

test('the first row of a key stays, in a batch and across batches, within the window on both sides', async (t) => {
  const workshop = await openWorkshop(t)
  const first = await kept(workshop, [
    '2001-01-20,1,a,-1',
    '2001-01-20,1,a,1',
    '2001-01-20,1,b,2',
    '2001-01-25,1,a,3',
    '2001-01-20,2,a,4',
  ])
  // A broken row has no key; the row of five days later is a correction, which is a duplicate.
  assert.deepEqual([first.values, first.quarantined, first.duplicates], [[1, 2, 4], 1, 1])
  const second = await kept(workshop, [
    '2001-01-30,1,a,5',
    '2001-01-30 00:00:01,1,a,6',
    '2001-01-10,1,b,7',
    '2001-01-09 23:59:59,1,b,8',
    '2001-02-09,2,a,9',
    '2001-03-01,2,a,10',
  ])
  assert.deepEqual([second.values, second.duplicates], [[6, 8, 9], 3])
  assert.deepEqual([second.from, second.to], ['2001-01-09T23:59:59.000Z', '2001-02-09T00:00:00.000Z'])
  assert.deepEqual(await kept(workshop, ['2001-01-20,1,b,11']).then(({ values, from }) => [values, from]), [[], null])
  assert.deepEqual(await account(workshop), { differences: [], rowsIn: 12, kept: 6, quarantined: 1, duplicates: 5 })
})

test('only partitions near in time are read', async (t) => {
  const workshop = await openWorkshop(t)
  await kept(workshop, ['2001-01-01,1,a,1'])
  const { commit } = await workshop.ingest(keyed(), await put(workshop, ['2001-06-01,1,a,2']))
  await workshop.context.storage.remove(commit.partition?.uri ?? '')
  assert.equal((await kept(workshop, ['2001-01-02,1,a,3'])).duplicates, 1)
  await assert.rejects(kept(workshop, ['2001-06-10,1,a,4']), /there is no such object|no such/i)
})

test('of batches that are committed at the same time only one has a key', async (t) => {
  const workshop = await openWorkshop(t)
  const sources = await Promise.all(
    [1, 2, 3, 4].map((n) => put(workshop, [`2001-01-0${n},1,a,${n}`, `2001-01-01,${n},own,${n}`])),
  )
  const results = await Promise.all(sources.map((source) => workshop.ingest(keyed(), source)))
  const sums = results.map(({ commit }) => commit.receipt.kept).sort()
  assert.deepEqual(sums, [1, 1, 1, 2])
  assert.deepEqual(await account(workshop), { differences: [], rowsIn: 8, kept: 5, quarantined: 0, duplicates: 3 })
})

test('a batch is judged again when another one with its keys is committed before it', async (t) => {
  const workshop = await openWorkshop(t)
  const [late, early] = [await put(workshop, ['2001-01-01,1,a,1']), await put(workshop, ['2001-01-02,1,a,2'])]
  let overtaken: Promise<unknown> | undefined
  const request = { spec: keyed(), specRevision: 1, from: workshop.files, actor: 'test' }
  const ingested = await ingestBatch(
    {
      ...workshop.context,
      storage: new Proxy(workshop.context.storage, {
        get: (storage, name) => {
          if (name !== 'createFromFile') return Reflect.get(storage, name).bind(storage)
          // The first time something is stored for this batch, the other one comes in whole.
          return async (...args: Parameters<typeof storage.createFromFile>) => {
            overtaken ??= ingestBatch(workshop.context, { ...request, source: early })
            await overtaken
            return storage.createFromFile(...args)
          }
        },
      }),
    },
    { ...request, source: late },
  )
  assert.deepEqual([ingested?.seq, ingested?.commit.receipt.duplicates, ingested?.commit.partition], [2, 1, undefined])
  assert.deepEqual((await account(workshop)).differences, [])
})

test('a spec may gain a key, and a column of the key may change its type', async (t) => {
  const workshop = await openWorkshop(t)
  const columns = { at: { type: 'timestamp' }, value: { type: 'integer' } }
  await kept(workshop, ['2001-01-01,1,a,1', '2001-01-01,1,a,1'], keyed({ columns, key: undefined }))
  assert.equal((await kept(workshop, ['2001-01-01,7,a,2'])).duplicates, 0)
  const asText = keyed({ columns: { ...KEYED.columns, id: { type: 'string' } } })
  assert.equal((await kept(workshop, ['2001-01-01,7,a,3', '2001-01-01,x,a,4'], asText)).duplicates, 1)
  assert.equal((await kept(workshop, ['2001-01-01,7,a,5', '2001-01-01,8,a,6'])).duplicates, 1)
  assert.deepEqual((await account(workshop)).differences, [])
})

test('the account names keys that were kept twice, times and reasons that are not those of the bytes', async (t) => {
  const workshop = await openWorkshop(t)
  const { context } = workshop
  const log = datasetLog(context.storage, 'flights')
  const { commit } = await workshop.ingest(keyed(), await put(workshop, ['2001-01-01,1,a,1', '2001-01-01,1,b,-1']))
  const forged = `${workshop.folder}/forged.parquet`
  await writeFile(forged, '')
  await query(`COPY (SELECT * FROM (VALUES (TIMESTAMP '2001-01-02', 1, 'a', 1, false, TIMESTAMP '2001-01-02'),
    (TIMESTAMP '2001-01-02', 2, 'a', 1, false, TIMESTAMP '2001-01-02'), (TIMESTAMP '2001-01-03', 2, 'a', 1, false, TIMESTAMP '2001-01-03'))
    t("at", id, part, value, _label, _time)) TO '${forged}' (FORMAT parquet)`)
  const partition = await putFile(context.storage, datasetFolder('flights', 'partitions'), forged, {
    extension: '.parquet',
  })
  const receipt = { ...commit.receipt, rowsIn: 4, kept: 3, reasons: { 'value: max': 1 } }
  const body = { ...commit, batch: 'f'.repeat(64), partition, receipt }
  await log.append({ id: 'forged', actor: 'test', body })
  const { differences } = await verifyAccounting(context, 'flights')
  const path = commit.source.path
  assert.deepEqual(differences, [
    `commit 2 (${path}): partition: expected times 2001-01-01T00:00:00.000Z to 2001-01-01T00:00:00.000Z, found 2001-01-02T00:00:00.000Z to 2001-01-03T00:00:00.000Z`,
    `commit 2 (${path}): quarantine: expected 1 rows of reason "value: max", found 0`,
    `commit 2 (${path}): quarantine: expected 0 rows of reason "value: min", found 1`,
    `commit 2 (${path}): profile: it counts 1 rows of 3`,
    `commit 2 (${path}): partition: 1 rows have the key (id, part) of another row there`,
    `commit 2 (${path}): partition: 1 rows have the key (id, part) of a row that was kept before`,
  ])
})
