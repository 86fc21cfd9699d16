import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RefitError } from '../../../src/errors.js'
import type { WebDependencies } from '../../../src/web/dependencies.js'
import { createWebApp } from '../../../src/web/web-app.js'
import { AdmitRequest, type Ruling } from '../../../src/workflows/messages.js'
import { FIRING, HEADERS, RESOLVED, TOKEN } from '../fixtures/alertmanager-bodies.js'
import { Answer } from '../fixtures/answers.js'
import { ADMITTED, fakeDependencies } from '../fixtures/dependencies.js'

function receiver(changes: Partial<WebDependencies> = {}) {
  const fake = fakeDependencies({ secrets: { alertToken: TOKEN }, ...changes })
  const app = createWebApp(fake.dependencies)
  const post = async (body: unknown, headers: Record<string, string> = HEADERS) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await app.request('/alerts/alertmanager', { method: 'POST', headers, body: text })
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      body: Answer.parse(await response.json()),
    }
  }
  return { ...fake, post }
}

const ruling = (answer: Ruling): Partial<WebDependencies> => ({
  client: { ...fakeDependencies().dependencies.client, admit: async () => answer },
})

test('a real firing message becomes one wish for its model, known by fingerprints and starts', async () => {
  const { post, admitted } = receiver()
  const answer = await post(FIRING)
  assert.deepEqual(answer, {
    status: 202,
    retryAfter: null,
    body: { rulings: [{ model: 'churn', alerts: 2, ruling: ADMITTED }], ignored: [], problems: [] },
  })
  assert.equal(admitted.length, 1)
  const request = AdmitRequest.parse(admitted[0]?.request)
  assert.equal(request.trigger, 'alert')
  assert.equal(request.actor, 'alertmanager')
  assert.equal(request.count, 2)
  assert.equal(request.reason, 'ModelDriftHigh: PSI above 0.25 (×2)')
  assert.match(request.id, /^merged-[0-9a-f]{64}$/)
})

test('one alert keeps the id that follows from its fingerprint and start', async () => {
  const { post, admitted } = receiver()
  await post({ ...FIRING, alerts: FIRING.alerts.slice(0, 1) })
  assert.equal(admitted[0]?.request.id, 'alert-22acba2f200df877-2026-11-24T04:35:07.21Z')
})

test('the same message sent again costs no further call', async () => {
  const { post, admitted } = receiver()
  await post(FIRING)
  assert.equal((await post(FIRING)).status, 202)
  assert.equal(admitted.length, 1)
})

test('a real resolved message is acknowledged and starts nothing', async () => {
  const { post, admitted } = receiver()
  const answer = await post(RESOLVED)
  assert.equal(answer.status, 202)
  assert.deepEqual(answer.body, {
    rulings: [],
    ignored: [
      { alert: '22acba2f200df877', why: 'resolved' },
      { alert: 'f41375ff32605360', why: 'resolved' },
    ],
    problems: [],
  })
  assert.deepEqual(admitted, [])
})

test('an alert without the labels that the spec asks for is ignored and told so', async () => {
  const { post, admitted } = receiver({ alertRules: async () => ({ severity: 'page' }) })
  const answer = await post({ ...FIRING, alerts: FIRING.alerts.slice(0, 1) })
  assert.equal(answer.status, 202)
  assert.deepEqual(answer.body.ignored, [{ alert: '22acba2f200df877', why: 'model "churn" asks for severity="page"' }])
  assert.deepEqual(admitted, [])
})

test('alerts that name no known model are refused with all problems', async () => {
  const [first, second] = FIRING.alerts
  const unknown = { ...second, labels: { ...second?.labels, model: 'nobody' } }
  const nameless = { ...first, labels: { alertname: 'ModelDriftHigh' } }
  const hostile = { ...first, labels: { ...first?.labels, model: '../../etc' } }
  const { post } = receiver()
  const answer = await post({ ...FIRING, alerts: [nameless, unknown, hostile] })
  assert.equal(answer.status, 400)
  assert.deepEqual(answer.body.problems, [
    'alerts[0].labels.model: expected the name of a model, got nothing. Add the label "model" to the alerting rule.',
    'alerts[1].labels.model: expected a model that Refit knows, got "nobody". Apply its spec with `refit apply`, or correct the label.',
    'alerts[2].labels.model: expected a model that Refit knows, got "../../etc". Apply its spec with `refit apply`, or correct the label.',
  ])
})

test('a body that is no Alertmanager message is refused with all problems', async () => {
  const { post } = receiver()
  const broken = { version: '3', alerts: [{ status: 'burning', labels: { model: 5 }, startsAt: '', fingerprint: 'x' }] }
  const answer = await post(broken)
  assert.equal(answer.status, 400)
  assert.deepEqual(answer.body.problems, [
    'version: expected version "4" of the webhook, got "3"',
    'alerts[0].status: invalid option: expected one of "firing"|"resolved", got "burning"',
    'alerts[0].labels.model: expected string, got 5',
    'alerts[0].startsAt: too small: expected string to have >=1 characters, got ""',
  ])
  assert.equal((await post('{')).status, 400)
})

test('a caller without the token is refused before anything is read', async () => {
  const { post, admitted } = receiver()
  for (const authorization of ['', 'Bearer wrong', `Basic ${TOKEN}`, TOKEN]) {
    const answer = await post(FIRING, { authorization })
    assert.equal(answer.status, 401)
  }
  assert.deepEqual(admitted, [])
})

test('a receiver without a token takes any caller', async () => {
  const { post } = receiver({ secrets: {} })
  assert.equal((await post(FIRING, {})).status, 202)
})

test('a queued wish is accepted, a refused one is a conflict with its reason', async () => {
  const queued = await receiver(ruling({ kind: 'queued', reason: 'run 7 is under way' })).post(FIRING)
  assert.equal(queued.status, 202)
  const refused = await receiver(ruling({ kind: 'refused', reason: 'paused by anna' })).post(FIRING)
  assert.equal(refused.status, 409)
  assert.deepEqual(refused.body.rulings?.[0]?.ruling, { kind: 'refused', reason: 'paused by anna' })
})

test('while Temporal is away Alertmanager is asked to come again', async () => {
  const away = new RefitError('TemporalUnavailable', 'Cannot reach Temporal at 127.0.0.1:7233: refused. Start it.')
  const client = { ...fakeDependencies().dependencies.client, admit: () => Promise.reject(away) }
  const { post, failures } = receiver({ client })
  assert.deepEqual(await post(FIRING), { status: 503, retryAfter: '10', body: { problems: [away.message] } })
  assert.deepEqual(failures, [], 'an outage is an answer, not a failure of the receiver')
})

test('a failure of the program is kept in the log and not told to the caller', async () => {
  const bug = new TypeError('secret detail')
  const { post, failures } = receiver({ alertRules: () => Promise.reject(bug) })
  const answer = await post(FIRING)
  assert.equal(answer.status, 500)
  assert.deepEqual(answer.body.problems, ['Cannot answer: an unexpected failure, kept in the log of the server.'])
  assert.deepEqual(failures, [bug])
})

test('a body above 1 MB is refused unread', async () => {
  const { post } = receiver()
  const answer = await post({ ...FIRING, padding: 'x'.repeat(1024 * 1024) })
  assert.equal(answer.status, 413)
  assert.deepEqual(answer.body.problems, ['body: expected at most 1 MB, got more. Send it in parts.'])
})
