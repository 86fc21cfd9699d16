import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { waitingNotes } from '../../../src/cli/status-notes.js'
import { committedBatches, datasetLog } from '../../../src/data/dataset/dataset-log.js'
import { collectBatches } from '../../../src/data/ingestion/collect.js'
import { ingestBatch } from '../../../src/data/ingestion/ingest.js'
import { applySpec } from '../../../src/ledger/spec-revisions.js'
import { createPushSource } from '../../../src/source/push.js'
import { feedSpec } from '../../../src/spec/datasets.js'
import type { SpecRevision } from '../../../src/spec/spec.js'
import { drainAll } from '../../../src/spool/drain.js'
import { createReception } from '../../../src/spool/reception.js'
import { Spool } from '../../../src/spool/spool.js'
import { readWaiting } from '../../../src/stages/waiting.js'
import { createWebApp } from '../../../src/web/web-app.js'
import { callsSpec } from '../../data/labels/labels.js'
import { openWorld, switchable, WIDE } from '../../spool/shared.js'
import { fakeDependencies } from '../fixtures/dependencies.js'

test('answers are pushed to their feed, also through the spool, and are kept as its rows', async (t) => {
  const world = await openWorld(t)
  const { storage: store, state } = switchable(world.store)
  const spool = new Spool(world.spool, WIDE)
  const hasModel = async (name: string) => name === 'calls/labels/clicks'
  const reception = createReception({ store, spool, scratchFolder: world.scratchFolder, hasModel })
  const { dependencies } = fakeDependencies({ secrets: { pushToken: 'token' }, pushes: { reception, maxBytes: 1000 } })
  const app = createWebApp(dependencies)
  const post = async (place: string, key: string, line: string) => {
    const headers = { authorization: 'Bearer token', 'content-type': 'application/x-ndjson', 'idempotency-key': key }
    const response = await app.request(`/ingest/${place}`, { method: 'POST', headers, body: `${line}\n` })
    return { status: response.status, body: await response.text() }
  }
  const answer = (call: string) => JSON.stringify({ call, answered: '2026-01-05T10:00:00Z', says: true })
  const first = await post('calls/labels/clicks', 'one', answer('a'))
  assert.equal(first.status, 202, first.body)
  state.isDown = true
  assert.match((await post('calls/labels/clicks', 'two', answer('b'))).body, /"state":"spooled"/)
  state.isDown = false
  const drained = await drainAll({ store, spool })
  assert.deepEqual([...drained], [['calls/labels/clicks', { pushes: 1 }]])
  for (const place of ['calls/labels/checks', 'calls/labels/_', 'calls']) {
    assert.equal((await post(place, 'three', answer('c'))).status, 404, place)
  }

  const spec = feedSpec(callsSpec(), 'clicks')
  const context = { storage: store, scratchFolder: join(world.scratchFolder, 'data') }
  const from = createPushSource(store, spec.model)
  const { clicks } = callsSpec().data.labels ?? {}
  const pushed = callsSpec({ clicks: { ...clicks, source: { kind: 'push' } } })
  await applySpec(store, { spec: pushed, folder: '/model' }, { id: 'a', actor: 'test' })
  const openSource = (revision: SpecRevision) => createPushSource(store, revision.spec.model)
  const waits = async () => {
    const waiting = await readWaiting({ storage: store, data: context, openSource }, 'calls')
    return waitingNotes('calls', waiting)
  }
  assert.match(
    (await waits()).join('; '),
    /^"calls\/labels\/clicks": 2 pushes in the inbox, since 20[^;]* UTC; the next/,
  )
  const { batches } = await collectBatches(context, { dataset: spec.model, from, limit: 10 })
  const [source] = batches
  if (source === undefined) assert.fail('nothing arrived')
  const ingested = await ingestBatch(context, { spec, specRevision: 1, from, source, actor: 'test' })
  assert.deepEqual([ingested?.commit.receipt.kept, ingested?.commit.receipt.rowsIn], [2, 2])
  const { batches: known } = await committedBatches(datasetLog(store, 'calls/labels/clicks'))
  assert.deepEqual(known.cursors, { push: '2' })
  assert.deepEqual(await waits(), [])
})
