import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sign } from '../../../src/web/alerts/authenticity.js'
import { createWebApp } from '../../../src/web/web-app.js'
import { Answer } from '../fixtures/answers.js'
import { ADMITTED, fakeDependencies, NOW } from '../fixtures/dependencies.js'

const SECRET = 'between us'
const seconds = (offset = 0) => String(NOW.getTime() / 1000 + offset)

function receiver(secrets: { hmacSecret?: string } = { hmacSecret: SECRET }) {
  const fake = fakeDependencies({ secrets })
  const app = createWebApp(fake.dependencies)
  const post = async (body: string, headers: Record<string, string>) => {
    const response = await app.request('/alerts/generic', { method: 'POST', headers, body })
    return { status: response.status, body: Answer.parse(await response.json()) }
  }
  const signed = (body: string, timestamp = seconds(), secret = SECRET) =>
    post(body, {
      'x-refit-timestamp': timestamp,
      'x-refit-signature': sign(secret, timestamp, new TextEncoder().encode(body)),
    })
  return { ...fake, post, signed }
}

const BODY = JSON.stringify({
  model: 'flights',
  reason: 'the airline changed its timetable',
  source: 'timetable-watch',
})

test('the signature is the HMAC-SHA256 of timestamp, dot and body', () => {
  // printf '1700000000.{}' | openssl dgst -sha256 -hmac key
  assert.equal(
    sign('key', '1700000000', new TextEncoder().encode('{}')),
    'sha256=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae',
  )
})

test('a signed message becomes a wish', async () => {
  const { signed, admitted } = receiver()
  assert.deepEqual(await signed(BODY), { status: 202, body: { ruling: ADMITTED } })
  const request = admitted[0]?.request
  assert.equal(request?.reason, 'the airline changed its timetable')
  assert.equal(request?.actor, 'timetable-watch')
  assert.equal(request?.trigger, 'alert')
})

test('a message that is replayed is the same wish', async () => {
  const { signed, admitted } = receiver()
  await signed(BODY)
  assert.equal((await signed(BODY)).status, 202)
  assert.equal(admitted.length, 1)
})

test('an id of the caller is kept', async () => {
  const { signed, admitted } = receiver()
  await signed(JSON.stringify({ model: 'flights', reason: 'r', id: 'ticket-5' }))
  assert.equal(admitted[0]?.request.id, 'generic-ticket-5')
})

test('what is not authentic or not fresh is refused, with what was expected', async () => {
  const { post, signed, admitted } = receiver()
  const answers = [
    await post(BODY, {}),
    await post(BODY, { 'x-refit-signature': 'sha256=00' }),
    await signed(BODY, seconds(), 'another secret'),
    await post(BODY, {
      'x-refit-timestamp': seconds(),
      'x-refit-signature': sign(SECRET, seconds(-60), Buffer.from(BODY)),
    }),
    await signed(BODY, seconds(-301)),
    await signed(BODY, seconds(301)),
  ]
  assert.deepEqual(answers, [
    {
      status: 401,
      body: {
        problems: ['x-refit-signature: expected "sha256=" and the HMAC-SHA256 of "<timestamp>.<body>", got nothing.'],
      },
    },
    { status: 401, body: { problems: ['x-refit-timestamp: expected seconds since 1970, got nothing.'] } },
    {
      status: 401,
      body: {
        problems: [
          'x-refit-signature: expected the HMAC-SHA256 of "<timestamp>.<body>" with the shared secret, got another one.',
        ],
      },
    },
    {
      status: 401,
      body: {
        problems: [
          'x-refit-signature: expected the HMAC-SHA256 of "<timestamp>.<body>" with the shared secret, got another one.',
        ],
      },
    },
    {
      status: 401,
      body: {
        problems: [
          `x-refit-timestamp: expected a time within 5 minutes of 2026-11-24T10:00:00.000Z, got ${seconds(-301)}.`,
        ],
      },
    },
    {
      status: 401,
      body: {
        problems: [
          `x-refit-timestamp: expected a time within 5 minutes of 2026-11-24T10:00:00.000Z, got ${seconds(301)}.`,
        ],
      },
    },
  ])
  assert.deepEqual(admitted, [])
})

test('a message is parsed strictly and must name a known model', async () => {
  const { signed } = receiver()
  assert.deepEqual((await signed(JSON.stringify({ model: 'flights', resaon: 'typo' }))).body.problems, [
    'reason: expected string, got nothing',
    'body: unrecognized key: "resaon", got {"model":"flights","resaon":"typo"}',
  ])
  assert.deepEqual((await signed(JSON.stringify({ model: '../x', reason: 'r' }))).body.problems, [
    'model: expected a model that Refit knows, got "../x".',
  ])
})

test('without a secret nothing is taken', async () => {
  const { signed } = receiver({})
  assert.equal((await signed(BODY)).status, 403)
})
