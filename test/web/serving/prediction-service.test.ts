import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RefitError } from '../../../src/errors.js'
import type { Batch } from '../../../src/predictor/predictor.js'
import type { Version } from '../../../src/registry/registry.js'
import { ModelSpec } from '../../../src/spec/spec.js'
import { createPredictionService } from '../../../src/web/prediction-service.js'
import { checkRows, requiredColumns } from '../../../src/web/serving/check-rows.js'
import type { PredictionLogEntry } from '../../../src/web/serving/prediction-ports.js'
import { createWebApp } from '../../../src/web/web-app.js'
import { Answer } from '../fixtures/answers.js'
import { fakeDependencies, versionOf } from '../fixtures/dependencies.js'

const SPEC = ModelSpec.parse({
  model: 'flights',
  goal: { description: 'late or not', metric: 'auc' },
  baseline: { kind: 'rule', score: 'distance / 5000.0' },
  data: {
    source: { kind: 'files', glob: '*.csv' },
    columns: {
      date: { type: 'timestamp' },
      delay: { type: 'integer' },
      distance: { type: 'integer' },
      origin: { type: 'string', nullable: true },
    },
    derived: {
      hour: { type: 'integer', sql: 'extract(hour FROM date)' },
      unused: { type: 'integer', sql: 'delay + 1' },
    },
    eventTime: 'date',
    features: ['distance', 'origin', 'hour'],
    label: { sql: 'delay > 15' },
  },
})
const ROW = { date: '2001-02-03T04:05:06', distance: 1000, origin: 'SFO' }
const RULE = versionOf(0, { kind: 'rule', score: 'distance / 5000.0' })
const ONNX = versionOf(1, { kind: 'onnx', file: 'model.onnx', output: 'score' })

/** A service whose predictor scores 0.9 and whose rule scores distance / 5000. */
function service(
  champion: () => Promise<Version | undefined>,
  predict = async (batch: Batch) => new Float64Array(batch.rows).fill(0.9),
) {
  const events: string[] = []
  const log: PredictionLogEntry[] = []
  const clock = { ms: 0 }
  const serving = createPredictionService({
    champion: () => {
      events.push('look')
      return champion()
    },
    spec: async () => SPEC,
    openPackage: async ({ version }) => {
      events.push(`open ${version}`)
      return { predict, close: async () => void events.push(`close ${version}`) }
    },
    openDeriver: () => ({
      derive: async (rows) => ({
        batch: { rows: rows.length, columns: {} },
        baseline: Float64Array.from(rows, (row) => Number(row.distance) / 5000),
      }),
      close: () => {},
    }),
    log: (entry) => log.push(entry),
    now: () => new Date(clock.ms),
  })
  return { ...serving, events, log, clock }
}

test('champion zero serves the rule', async () => {
  const { predict } = service(async () => RULE)
  assert.deepEqual(await predict('flights', [ROW, { ...ROW, distance: 2500 }]), {
    version: 0,
    scores: [0.2, 0.5],
    decisions: [false, true],
  })
})

test('a trained champion serves, with the rule beside it, and is logged', async () => {
  const { predict, log } = service(async () => ONNX)
  const answer = { version: 1, scores: [0.9], decisions: [true], baseline: [0.2] }
  assert.deepEqual(await predict('flights', [ROW]), answer)
  assert.deepEqual(log, [
    { kind: 'prediction', at: '1970-01-01T00:00:00.000Z', model: 'flights', ...answer, rows: [ROW] },
  ])
})

test('a champion is opened once for requests at once, and the alias is looked at every few seconds', async () => {
  const { predict, events, clock } = service(async () => ONNX)
  await Promise.all([predict('flights', [ROW]), predict('flights', [ROW])])
  await predict('flights', [ROW])
  assert.deepEqual(events, ['look', 'open 1'])
  clock.ms = 3_000
  await predict('flights', [ROW])
  assert.deepEqual(events, ['look', 'open 1', 'look'])
})

test('a new champion takes over while requests on the old one end in peace', async () => {
  let current = ONNX
  const gate = withResolvers()
  const slow = async (batch: Batch) => {
    await gate.promise
    return new Float64Array(batch.rows).fill(0.9)
  }
  const { predict, events, clock } = service(async () => current, slow)
  const first = predict('flights', [ROW])
  await new Promise((resolve) => setTimeout(resolve, 5))
  current = versionOf(2, ONNX.package.predictor)
  clock.ms = 10_000
  const second = predict('flights', [ROW])
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual(events, ['look', 'open 1', 'look', 'open 2'], 'version 1 is in use and stays open')
  gate.resolve(undefined)
  const answers = await Promise.all([first, second])
  assert.deepEqual(
    answers.map((answer) => 'version' in answer && answer.version),
    [1, 2],
  )
  assert.deepEqual(events.slice(-1), ['close 1'])
})

test('while the store is away the last champion goes on, and a damaged store is told', async () => {
  let failure: RefitError | undefined
  const { predict, clock, events } = service(async () => {
    if (failure !== undefined) throw failure
    return ONNX
  })
  await predict('flights', [ROW])
  failure = new RefitError('StoreUnavailable', 'away')
  clock.ms = 10_000
  assert.equal('version' in (await predict('flights', [ROW])), true)
  failure = new RefitError('StoreCorrupt', 'damaged')
  clock.ms = 20_000
  await assert.rejects(predict('flights', [ROW]), failure)
  assert.deepEqual(events.slice(-1), ['close 1'])
  failure = undefined
  assert.equal('version' in (await predict('flights', [ROW])), true, 'and opened again once it is mended')
})

test('scores that are none are a failure of the predictor', async () => {
  const { predict, log } = service(
    async () => ONNX,
    async () => Float64Array.of(Number.NaN),
  )
  await assert.rejects(predict('flights', [ROW]), {
    code: 'PredictorFailed',
    message:
      'Cannot score with version 1: expected 1 finite scores, got 1, 0 of them finite. Check the rule or the predictor of this version.',
  })
  assert.deepEqual(log, [])
})

test('close closes what is open', async () => {
  const { predict, close, events } = service(async () => ONNX)
  await predict('flights', [ROW])
  await close()
  assert.deepEqual(events.slice(-1), ['close 1'])
})

test('columns are required when the model depends on them and they may not be missing', () => {
  assert.deepEqual(requiredColumns(SPEC), ['date', 'distance'])
})

test('every problem of every row is told with its number', () => {
  const rows = [
    ROW,
    { ...ROW, distance: '1000', origin: null },
    { origin: 5, distnace: 3 },
    { date: '2001-02-30', distance: 1.5 },
    { date: 'yesterday', distance: null },
    JSON.parse('{"date": "2001-02-03", "distance": 1, "__proto__": 1}'),
  ]
  assert.deepEqual(checkRows(rows, SPEC), [
    'rows[1].distance: expected a whole number, got "1000"',
    'rows[2].date: expected a time such as "2001-02-03T04:05:06", got nothing',
    'rows[2].distance: expected a whole number, got nothing',
    'rows[2].origin: expected a text, got 5',
    'rows[2].distnace: expected one of the columns date, delay, distance, origin, got another name',
    'rows[3].date: expected a time such as "2001-02-03T04:05:06", got "2001-02-30"',
    'rows[3].distance: expected a whole number, got 1.5',
    'rows[4].distance: expected a whole number, got nothing',
    'rows[4].date: expected a time such as "2001-02-03T04:05:06", got "yesterday"',
    'rows[5].__proto__: expected one of the columns date, delay, distance, origin, got another name',
  ])
})

test('POST /predict answers with scores, or with what is wrong', async () => {
  const predictions = service(async () => ONNX)
  const app = createWebApp(fakeDependencies({ predictions }).dependencies)
  const post = async (path: string, body: unknown) => {
    const response = await app.request(path, { method: 'POST', body: JSON.stringify(body) })
    return { status: response.status, body: Answer.parse(await response.json()) }
  }
  assert.deepEqual(await post('/predict/flights', { rows: [ROW] }), {
    status: 200,
    body: { version: 1, scores: [0.9], decisions: [true], baseline: [0.2] },
  })
  assert.deepEqual(await post('/predict/flights', { rows: [{ ...ROW, distance: 'far' }] }), {
    status: 400,
    body: { problems: ['rows[0].distance: expected a whole number, got "far"'] },
  })
  assert.deepEqual((await post('/predict/flights', { rows: [] })).body.problems, [
    'rows: expected at least one row, got []',
  ])
  assert.deepEqual((await post('/predict/flights', { row: ROW })).status, 400)
  assert.equal((await post('/predict/..%2Fx', { rows: [ROW] })).status, 404)
})

test('a model without champion and a server without predictions are not found', async () => {
  const none = createWebApp(fakeDependencies({ predictions: service(async () => undefined) }).dependencies)
  const request = { method: 'POST', body: JSON.stringify({ rows: [ROW] }) }
  assert.equal((await none.request('/predict/flights', request)).status, 404)
  assert.equal((await createWebApp(fakeDependencies().dependencies).request('/predict/flights', request)).status, 404)
})

function withResolvers() {
  let resolve: (value: unknown) => void = () => {}
  const promise = new Promise((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
