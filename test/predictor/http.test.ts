import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { openHttpPredictor } from '../../src/predictor/http.js'
import type { Batch } from '../../src/predictor/predictor.js'
import { rejection } from '../support/rejection.js'

/** An endpoint that answers each body; what it was asked is kept. */
interface Endpoint {
  readonly url: string
  readonly asked: { readonly headers: IncomingHttpHeaders; readonly body: unknown }[]
}

type Answer = { readonly status?: number; readonly body: string; readonly headers?: Record<string, string> } | 'silence'

async function startEndpoint(t: TestContext, answer: (rows: number) => Answer): Promise<Endpoint> {
  const asked: Endpoint['asked'] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const body = JSON.parse(text)
    asked.push({ headers: request.headers, body })
    const said = answer(body.dataframe_split.data.length)
    if (said !== 'silence') response.writeHead(said.status ?? 200, said.headers).end(said.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  // A TCP server has an address object; only a pipe has a text.
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/invocations`, asked }
}

const FEATURES = [
  { name: 'hour', kind: 'numeric' },
  { name: 'origin', kind: 'categorical' },
] as const

function batch(rows: number): Batch {
  const hour = {
    kind: 'numeric',
    values: Float64Array.from({ length: rows }, (_, i) => (i === 1 ? Number.NaN : i)),
  } as const
  const origin = {
    kind: 'categorical',
    values: Array.from({ length: rows }, (_, i) => (i === 1 ? null : 'SFO')),
  } as const
  return { rows, columns: { hour, origin } }
}

test('rows go out as dataframe_split with the token, scores come back', async (t) => {
  const endpoint = await startEndpoint(t, () => ({ body: '{"predictions": [0.25, 0.75]}' }))
  const predictor = openHttpPredictor({ url: endpoint.url, token: 'letmein', features: FEATURES })
  assert.deepEqual(await predictor.predict(batch(2)), Float64Array.of(0.25, 0.75))
  assert.deepEqual(endpoint.asked[0]?.body, {
    dataframe_split: {
      columns: ['hour', 'origin'],
      data: [
        [0, 'SFO'],
        [null, null],
      ],
    },
  })
  assert.equal(endpoint.asked[0]?.headers.authorization, 'Bearer letmein')
  assert.equal(endpoint.asked[0]?.headers['content-type'], 'application/json')
})

test('scores are read in each of the shapes that endpoints use', async (t) => {
  for (const predictions of [
    '[0.3, 0.6]',
    '[[0.7, 0.3], [0.4, 0.6]]',
    '[[0.3], [0.6]]',
    '[{"score": 0.3}, {"score": 0.6}]',
  ]) {
    const endpoint = await startEndpoint(t, () => ({ body: `{"predictions": ${predictions}}` }))
    const predictor = openHttpPredictor({ url: endpoint.url, features: FEATURES })
    assert.deepEqual(await predictor.predict(batch(2)), Float64Array.of(0.3, 0.6), predictions)
    assert.equal(endpoint.asked[0]?.headers.authorization, undefined)
  }
})

test('a large batch is divided and its scores stay in order', async (t) => {
  let part = 0
  const endpoint = await startEndpoint(t, (rows) => {
    part += 0.25
    return { body: JSON.stringify({ predictions: Array.from({ length: rows }, () => part) }) }
  })
  const scores = await openHttpPredictor({ url: endpoint.url, features: FEATURES }).predict(batch(10_000))
  assert.equal(endpoint.asked.length, 3)
  assert.deepEqual([scores[0], scores[4095], scores[4096], scores[8192], scores[9999]], [0.25, 0.25, 0.5, 0.75, 0.75])
})

test('a failure says what happened and whether asking again can help', async (t) => {
  const cases: [answer: Answer, permanent: boolean, reason: RegExp][] = [
    [{ status: 401, body: '' }, true, /refused the token \(HTTP 401\)\. Check tokenEnv\.$/],
    [{ status: 400, body: 'no column "hour"' }, true, /answered HTTP 400: no column "hour"\.$/],
    [{ status: 503, body: 'starting' }, false, /answered HTTP 503: starting\.$/],
    [{ status: 429, body: 'slow down' }, false, /answered HTTP 429/],
    [{ body: '<html>' }, true, /expected \{"predictions": \[…\]\}.*, got <html>\.$/],
    [{ body: '{"predictions": ["high"]}' }, true, /expected \{"predictions": \[…\]\}/],
    [{ body: '{"predictions": [0.5]}' }, true, /it gave 1 scores for 2 rows/],
    [{ body: '{"predictions": [0.5, 2]}' }, true, /row 1 has score 2, which is not in \[0, 1\]/],
    [
      { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } },
      false,
      /fetch failed: unexpected redirect/,
    ],
    [{ body: 'x'.repeat(17 * 2 ** 20) }, false, /the answer is larger than 16777216 bytes/],
    ['silence', false, /no answer within 0\.4 seconds/],
  ]
  for (const [answer, permanent, reason] of cases) {
    const endpoint = await startEndpoint(t, () => answer)
    const timeoutMs = answer === 'silence' ? 400 : 20_000
    const predictor = openHttpPredictor({ url: endpoint.url, token: 'letmein', features: FEATURES, timeoutMs })
    const failure = await rejection(predictor.predict(batch(2)), 'PredictorFailed')
    assert.match(failure.message, reason)
    assert.equal(failure.permanent, permanent, failure.message)
    assert.doesNotMatch(failure.message, /letmein/)
    assert.equal(endpoint.asked.length, 1, 'asked once: the activity repeats, nobody else does')
  }
})

test('an endpoint that is not there is a passing failure with its cause', async () => {
  const predictor = openHttpPredictor({ url: 'http://127.0.0.1:1/invocations', features: FEATURES })
  const failure = await rejection(predictor.predict(batch(1)), 'PredictorFailed')
  assert.match(
    failure.message,
    /^Cannot score with http:\/\/127\.0\.0\.1:1\/invocations: fetch failed: .+ from the worker\.$/,
  )
  assert.equal(failure.permanent, false)
})
