/** Ingestion from a source that is read in order, such as pages or keys of a table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectBatches } from '../../../src/data/ingestion/collect.js'
import { ingestBatch } from '../../../src/data/ingestion/ingest.js'
import { verifyAccounting } from '../../../src/data/verify/verify.js'
import type { BatchSource, Source } from '../../../src/source/source.js'
import { writeBatch } from '../../../src/source/write-batch.js'
import { rejection } from '../../support/rejection.js'
import { flightsSpec, openWorkshop, type Workshop } from '../workshop.js'

const ROW = '{"date":"2001-01-01T10:00:00","delay":1,"distance":700,"origin":"SEA","destination":"ORD"}'

/** A table of equal rows; a batch holds at most two. */
function tableOf(table: { rows: number }): Source {
  const at = (after: string): BatchSource => ({
    path: `table after ${after || 'the beginning'}`,
    bytes: 0,
    modifiedAt: '2001-01-01T00:00:00.000Z',
    format: 'json',
    place: { origin: 'table', after, upTo: null },
  })
  return {
    async find(known) {
      const after = known.cursor('table')
      const waits = Number(after) < table.rows && !known.has(at(after))
      return { batches: waits ? [at(after)] : [], isLast: !waits }
    },
    async fetch(batch, to) {
      const after = Number(batch.place?.after)
      const upTo = Math.min(after + 2, table.rows)
      if (upTo === after) return undefined
      const { bytes, sha256 } = await writeBatch(chunks(upTo - after), to)
      const place = { origin: 'table', after: batch.place?.after ?? '', upTo: String(upTo) }
      return { batch: { ...batch, bytes, place }, sha256 }
    },
  }
}

async function* chunks(rows: number): AsyncIterable<Buffer> {
  yield Buffer.from(`${ROW}\n`.repeat(rows))
}

const spec = flightsSpec()
const ingest = ({ context }: Workshop, from: Source, source: BatchSource) =>
  ingestBatch(context, { spec, specRevision: 1, from, source, actor: 'test' })

async function next({ context }: Workshop, from: Source): Promise<BatchSource> {
  const { batches } = await collectBatches(context, { dataset: 'flights', from, limit: 10 })
  return batches[0] ?? assert.fail('nothing was found')
}

test('batches come one after the other from where the last one ended, and equal rows are not duplicates', async (t) => {
  const workshop = await openWorkshop(t)
  const table = { rows: 5 }
  const from = tableOf(table)
  for (const rows of [2, 2, 1]) {
    assert.equal((await ingest(workshop, from, await next(workshop, from)))?.commit.receipt.kept, rows)
  }
  table.rows = 6
  assert.equal((await ingest(workshop, from, await next(workshop, from)))?.commit.receipt.kept, 1)
  const account = await verifyAccounting(workshop.context, 'flights')
  assert.deepEqual([account.differences, account.kept, account.duplicates], [[], 6, 0])
})

test('a place is committed once, though two read it at the same time and found different rows there', async (t) => {
  const workshop = await openWorkshop(t)
  const table = { rows: 1 }
  const from = tableOf(table)
  const place = await next(workshop, from)
  const results = await Promise.all([
    ingest(workshop, from, place),
    ingest(workshop, { ...from, fetch: (batch, to) => tableOf({ rows: 2 }).fetch(batch, to) }, place),
  ])
  assert.equal(new Set(results.map((result) => result?.seq)).size, 1)
  table.rows = 3
  while (Number((await collectBatches(workshop.context, { dataset: 'flights', from, limit: 1 })).batches.length) > 0) {
    await ingest(workshop, from, await next(workshop, from))
  }
  assert.equal((await verifyAccounting(workshop.context, 'flights')).kept, 3)
})

test('what is not there after all is no commit; what lies beyond a gap is refused', async (t) => {
  const workshop = await openWorkshop(t)
  const table = { rows: 2 }
  const from = tableOf(table)
  const place = await next(workshop, from)
  table.rows = 0
  assert.equal(await ingest(workshop, from, place), undefined)
  table.rows = 4
  const beyond = { ...place, place: { origin: 'table', after: '2', upTo: null } }
  assert.match(
    (await rejection(ingest(workshop, from, beyond), 'Conflict')).message,
    /the source stands at its beginning\. Collect again\.$/,
  )
})
