import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHTML } from 'linkedom'
import { RefitError } from '../../src/errors.js'
import type { SpoolReport } from '../../src/spool/report.js'
import type { WebDependencies } from '../../src/web/dependencies.js'
import { createWebApp } from '../../src/web/web-app.js'
import { fakeDependencies, flights, NOTHING_WAITS } from './fixtures/dependencies.js'

async function open(path: string, changes: Partial<WebDependencies> = {}) {
  const { dependencies, failures } = fakeDependencies(changes)
  const response = await createWebApp(dependencies).request(path)
  const body = await response.text()
  const isPage = response.headers.get('content-type')?.startsWith('text/html') === true
  const text = isPage ? String(parseHTML(body).document.querySelector('main')?.textContent).replace(/\s+/g, ' ') : body
  return { status: response.status, headers: response.headers, body, text, failures }
}

test('the status page tells champion, metric, age, last outcome, running run with stage, and what waits', async () => {
  const { status, text, headers } = await open('/')
  assert.equal(status, 200)
  for (const part of [
    'flights',
    'version 4',
    'auc 0.7121',
    '1 h ago',
    'data through 2001-04-23',
    '✓ promoted',
    'run 8: train',
    '3 waiting: new data',
  ]) {
    assert.ok(text.includes(part), `${part} in ${text}`)
  }
  assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/)
})

test('a paused model says so', async () => {
  const { client } = fakeDependencies().dependencies
  const stewardStatus = async (model: string) => ({
    model,
    paused: true,
    running: null,
    pending: null,
    lastOutcome: null,
    runsLast24Hours: 0,
  })
  assert.match((await open('/', { client: { ...client, stewardStatus } })).text, /! paused idle/)
})

test('while Temporal is away the page shows what the store knows and says that the rest is unknown', async () => {
  const { client } = fakeDependencies().dependencies
  const stewardStatus = () => Promise.reject(new RefitError('TemporalUnavailable', 'Cannot reach Temporal.'))
  const { status, text } = await open('/', { client: { ...client, stewardStatus } })
  assert.equal(status, 200)
  assert.match(text, /What runs now is unknown\. Cannot reach Temporal\..*version 4.*! unknown/)
})

const SPOOL: SpoolReport = {
  location: 's3://rescue/spool',
  limits: { maxBytes: 10_000_000, maxHours: 72 },
  total: { pushes: 12, bytes: 8_200_000, since: '2026-11-24T07:00:00.000Z' },
  models: {
    flights: { pushes: 11, bytes: 8_000_000, since: '2026-11-24T07:00:00.000Z' },
    churn: { pushes: 1, bytes: 200_000, since: '2026-11-24T09:58:00.000Z' },
  },
  warnings: ['The spool is 82 % full; at 100 % pushes are refused. Mend the store, or raise REFIT_SPOOL_MAX_MB.'],
}
const storeIsAway = {
  models: () => Promise.reject(new RefitError('StoreUnavailable', 'Cannot read s3://b: timed out.')),
}
const failing = {
  work: 'ingestBatch',
  count: 17,
  since: '2026-11-24T07:30:00.000Z',
  code: 'StoreUnavailable',
  reason: 'Cannot reach the store.',
}
/** A client whose run 8 waits for the store, 3 of 20 batches being in. */
function clientThatWaits() {
  const { client } = fakeDependencies().dependencies
  const since = '2026-11-24T07:00:00.000Z'
  const waitingFor = 'the store'
  const progress = '3 of 20 batches done'
  const runStatus: typeof client.runStatus = async (workflowId) => {
    const status = await client.runStatus(workflowId)
    return status && { ...status, stage: 'ingest', since, progress, waitingFor, failing }
  }
  return { ...client, runStatus }
}
const WAITS =
  /run 8: ingestsince 2026-11-24 07:00:00 \(3 h ago\), 3 of 20 batches done! waits for the store since 2026-11-24 07:30:00 \(2 h ago\): 17 batches to bring in\. Cannot reach the store\./

test('a run that waits for the store says so, how much and since when', async () => {
  assert.match((await open('/models/flights', { client: clientThatWaits() })).text, WAITS)
  const brief =
    /run 8: ingestsince 3 h ago, 3 of 20 batches done! waits for the store since 2 h ago: 17 batches to bring in3 waiting/
  assert.match((await open('/', { client: clientThatWaits() })).text, brief)
})

test('while the store is away the page says why, which runs wait, and what is in the spool', async () => {
  const { status, text, headers } = await open('/', {
    ...storeIsAway,
    client: clientThatWaits(),
    spool: async () => SPOOL,
  })
  assert.equal(status, 503)
  assert.equal(headers.get('retry-after'), '10')
  assert.match(text, /The store does not answer Cannot read s3:\/\/b: timed out\./)
  assert.match(text, WAITS)
  assert.match(
    text,
    /The spool is 82 % full; .* 12 pushes \(8\.2 MB\), since 2026-11-24 07:00:00 \(3 h ago\): 82 % of its 10 MB\./,
  )
  assert.match(text, /flights11 pushes \(8 MB\), since .* \(3 h ago\)churn1 push \(200 kB\), since .* \(2 min ago\)/)
  const json = await open('/api/models', { ...storeIsAway, spool: async () => SPOOL })
  assert.equal(json.status, 503)
  const { problems, spool, runs } = JSON.parse(json.body)
  assert.deepEqual(problems, ['Cannot read s3://b: timed out.'])
  assert.deepEqual([spool.total.pushes, runs.length], [12, 1])
})

test('while neither store nor Temporal nor the spool answers, the page still comes', async () => {
  const { client } = fakeDependencies().dependencies
  const openRuns = () => Promise.reject(new RefitError('TemporalUnavailable', 'Cannot reach Temporal.'))
  const spool = () => Promise.reject(new RefitError('StoreUnavailable', 'Cannot read s3://rescue: no answer.'))
  const { status, text } = await open('/', { ...storeIsAway, client: { ...client, openRuns }, spool })
  assert.equal(status, 503)
  assert.match(text, /Temporal does not answer either\..*The spool Cannot read s3:\/\/rescue: no answer\./)
})

test('what waits in the inbox, in quarantine and in the spool is on both pages, and nothing where nothing waits', async () => {
  const waiting = async () => ({
    pushes: { arrivals: 4, since: '2026-11-24T09:00:00.000Z' },
    quarantine: { batches: 3, rows: 1_250, unreadable: 1, since: '2026-11-23T10:00:00.000Z' },
    feeds: [{ ...NOTHING_WAITS, feed: 'clicks', pushes: { arrivals: 1, since: '2026-11-24T08:00:00.000Z' } }],
  })
  const ofClicks = 'answers of clicks: 1 push, since 2026-11-24 08:00:00 \\(2 h ago\\)'
  const inbox = `4 pushes, since 2026-11-24 09:00:00 \\(1 h ago\\)${ofClicks}`
  const quarantine = '1,250 rows of 2 batches, 1 unreadable batch, since 2026-11-23 10:00:00 \\(24 h ago\\)'
  const home = await open('/', { waiting, spool: async () => SPOOL })
  const brief =
    'in the inbox: 4 pushes, since 1 h agoin quarantine: 1,250 rows of 2 batches, 1 unreadable batch, since 24 h ago' +
    'in the inbox: answers of clicks: 1 push, since 2 h ago'
  assert.ok(home.text.includes(brief), home.text)
  assert.match(home.text, /In the rescue spool/)
  const model = await open('/models/flights', { waiting, spool: async () => SPOOL })
  assert.match(model.text, new RegExp(`In the spool11 pushes .*In the inbox${inbox}In quarantine${quarantine}`))
  assert.match(model.text, /refit quarantine list flights/)
  const quiet = [await open('/'), await open('/models/flights')]
  for (const { text } of quiet) assert.doesNotMatch(text, /inbox|quarantine|spool/)
  const total = { pushes: 0, bytes: 0, since: null }
  const empty = await open('/', { spool: async () => ({ ...SPOOL, total, models: {}, warnings: [] }) })
  assert.match(empty.text, /Rescue spool: nothing waits\. It has room for 10 MB\./)
})

test('many models are shown by pages and can be searched', async () => {
  const many = Array.from({ length: 120 }, (_, index) => ({
    ...flights,
    model: `model-${index}`,
    description: `purpose ${index}`,
  }))
  let asked = 0
  const { client } = fakeDependencies().dependencies
  const stewardStatus = async () => {
    asked += 1
    return undefined
  }
  const counting = { ...client, stewardStatus }
  const first = await open('/', { models: async () => many, client: counting })
  assert.match(first.text, /120 models.*Page 1 of 3/)
  assert.equal(asked, 50, 'Temporal is asked for the models of this page only')
  const found = await open('/?search=PURPOSE+77', { models: async () => many })
  assert.match(found.text, /1 model .*model-77/)
  const none = await open('/?search=%3Cscript%3E', { models: async () => many })
  assert.match(none.text, /No model matches “<script>”/)
  assert.doesNotMatch(none.body, /<script>/)
})

test('the page of a model tells versions, moves of the champion and runs', async () => {
  const { status, text, body } = await open('/models/flights', {
    temporalUi: 'http://127.0.0.1:8233/namespaces/default',
  })
  assert.equal(status, 200)
  for (const part of ['0 → 4', 'run 7 was promoted', 'champion zero', '690,214', 'from version 3', 'ModelDriftHigh']) {
    assert.ok(text.includes(part), `${part} in ${text}`)
  }
  assert.ok(body.includes('href="http://127.0.0.1:8233/namespaces/default/workflows/refit%2Fflights%2Fsteward"'))
  assert.ok(body.includes('href="/runs/flights/7"'))
})

test('the report is served as it was stored, or drawn from the record while there is none', async () => {
  const stored = await open('/runs/flights/7', { readReport: async () => '<!doctype html><main>as stored</main>' })
  assert.equal(stored.body, '<!doctype html><main>as stored</main>')
  assert.match((await open('/runs/flights/7')).text, /flights, run 7/)
})

test('what does not exist is not found, in words', async () => {
  for (const path of [
    '/models/nobody',
    '/models/..%2F..%2Fetc',
    '/runs/flights/99',
    '/runs/flights/x',
    '/runs/..%2Fx/1',
  ]) {
    const { status, text } = await open(path)
    assert.equal(status, 404, path)
    assert.match(text, /Cannot find/)
  }
  assert.deepEqual(JSON.parse((await open('/nowhere')).body), {
    problems: ['Cannot find /nowhere. The status page is at /.'],
  })
})

test('the JSON says the same as the pages', async () => {
  const models = JSON.parse((await open('/api/models')).body)
  assert.equal(models.models[0].champion.version, 4)
  assert.equal(models.models[0].live.run.stage, 'train')
  const model = JSON.parse((await open('/api/models/flights')).body)
  assert.equal(model.history[0].seq, 2)
  assert.equal(JSON.parse((await open('/api/runs/flights/7')).body).outcome, 'promoted')
  assert.equal((await open('/api/runs/flights/99')).status, 404)
  assert.equal((await open('/api/models/nobody')).status, 404)
})

test('a failure of the program shows no detail', async () => {
  const bug = new TypeError('secret detail')
  const { status, body, failures } = await open('/models/flights', { runs: () => Promise.reject(bug) })
  assert.equal(status, 500)
  assert.doesNotMatch(body, /secret detail/)
  assert.deepEqual(failures, [bug])
})
