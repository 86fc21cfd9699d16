import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { NO_ROWS } from '../../src/data/dataset/commit.js'
import { datasetLog } from '../../src/data/dataset/dataset-log.js'
import { labelRequestLog } from '../../src/ledger/label-requests.js'
import { keepStage, numberRun } from '../../src/ledger/run-ledger.js'
import { storePush } from '../../src/source/inbox.js'
import { createPushSource } from '../../src/source/push.js'
import { requestFolder } from '../../src/stages/request-rows.js'
import { checkpointFolder } from '../../src/stages/train.js'
import { collectLeftovers } from '../../src/stages/upkeep/leftovers.js'
import { createLocalStorage } from '../../src/storage/local.js'
import { putBytes } from '../../src/storage/objects.js'
import { AdmitRequest } from '../../src/workflows/messages.js'
import { lateOrdersSpec } from '../support/late-orders.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const MODEL = 'orders'
const LONG_AGO = '2001-01-01T00:00:00.000Z'
const LATER = '9999-01-01T00:00:00.000Z'

test('bytes of ingested pushes, checkpoints of trainings that are over and rows of no request are left over, in time', async (t) => {
  const folder = await temporaryFolder(t)
  const storage = await createLocalStorage(join(folder, 'store'))
  const put = async (at: string, text: string) => putBytes(storage, at, Buffer.from(text), { extension: '.x' })

  const push = async (key: string) => {
    await writeFile(join(folder, 'push'), key)
    return (await storePush(storage, MODEL, { key, format: 'json', path: join(folder, 'push') })).entry.body.object.uri
  }
  const [ingested, waiting] = [await push('a'), await push('b')]
  const place = { origin: 'push', after: '', upTo: '1' }
  const source = { path: 'push 1', bytes: 1, modifiedAt: LONG_AGO, place }
  const body = { batch: '0'.repeat(64), source, receipt: NO_ROWS, from: null, to: null, specRevision: 1 }
  await datasetLog(storage, MODEL).append({ id: 'a', actor: 'test', body })

  const checkpoints: string[] = []
  for (const run of [1, 2]) {
    const request = AdmitRequest.parse({ id: `r${run}`, trigger: 'manual', actor: 'test' })
    await numberRun(storage, MODEL, { request })
    checkpoints.push((await put(checkpointFolder({ model: MODEL, run }), `checkpoint ${run}`)).uri)
  }
  const [asked, unasked] = [await put(requestFolder(MODEL), 'asked'), await put(requestFolder(MODEL), 'unasked')]
  const counts = { random: 1, uncertain: 0, population: 1, champion: null, snapshot: 1, answers: {} }
  const request = { rows: asked, ...counts, asOf: LONG_AGO, openUntil: LONG_AGO }
  await labelRequestLog(storage, MODEL).append({ id: 'asked', actor: 'test', body: request })

  const spec = lateOrdersSpec((text) => text.replace('kind: files\n    glob: landing/*.csv', 'kind: push'))
  const ports = {
    storage,
    data: { storage, scratchFolder: folder },
    openSource: () => createPushSource(storage, MODEL),
  }
  const found = async (since: string, isDry = true) => {
    const revision = { spec, folder }
    return (await collectLeftovers(ports, { model: MODEL, revision, since, isDry })).map(({ key }) => key).sort()
  }
  assert.deepEqual(await found(LONG_AGO), [])
  const first = [ingested, checkpoints[0], unasked.uri].sort()
  assert.deepEqual(await found(LATER), first, 'the last run may be training')
  assert.deepEqual(await found(LATER, false), first)
  assert.deepEqual(await found(LATER), [])
  await keepStage(storage, { model: MODEL, run: 2, stage: 'train' }, async () => ({}))
  assert.deepEqual(await found(LATER, false), [checkpoints[1]])
  for (const key of [waiting, asked.uri]) assert.ok(await storage.stat(key), key)
})
