/** The three ways into a run, all real, all through the steward: the clock, a person in the Temporal UI, an alert. */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { createScheduleKeeper, type DesiredSchedule } from '../../src/client/schedules.js'
import { listRuns } from '../../src/ledger/run-ledger.js'
import { sign } from '../../src/web/alerts/authenticity.js'
import type { RunResult } from '../../src/workflows/messages.js'
import { findChromium, NO_BROWSER, startBrowser } from '../support/browser.js'
import { packageFile } from '../support/example-file.js'
import { writeOrders } from '../support/late-orders.js'
import { startLoop, type TestLoop } from '../support/loop.js'
import { startReceiver } from '../support/receiver.js'
import { startTestTemporal, type TestTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

let temporal: TestTemporal
before(async () => {
  temporal = await startTestTemporal()
})
after(() => temporal.stop())

/** Waits for the end of a run that somebody else started. */
async function endOf(workflowId: string): Promise<RunResult> {
  await until(`run ${workflowId}`, async () => (await temporal.client.runStatus(workflowId)) !== undefined)
  return temporal.client.result(workflowId)
}

const whoAsked = async ({ ports, model }: TestLoop) =>
  (await listRuns(ports.storage, model)).map(({ request: { trigger, actor } }) => `${trigger} by ${actor}`)

test('the clock: a Schedule starts a tick, the tick tells the steward, the steward starts the run', {
  timeout: 120_000,
}, async () => {
  const loop = await startLoop(temporal)
  const keeper = createScheduleKeeper(temporal.temporal)
  const keep = (desired: DesiredSchedule | undefined, dryRun = false) => keeper.keep(loop.model, desired, { dryRun })
  const handle = temporal.temporal.schedule.getHandle(`refit/${loop.model}/schedule`)
  const nightly = { cron: '0 3 * * *', timezone: 'Europe/Berlin', jitterSeconds: 0 }
  try {
    await writeOrders(loop.landing, { month: '2026-01' })
    assert.equal(await keep(nightly, true), 'created')
    await assert.rejects(handle.describe(), { name: 'ScheduleNotFoundError' })
    assert.equal(await keep(nightly), 'created')
    assert.equal(await keep(nightly), 'unchanged')

    await handle.trigger()
    assert.equal((await endOf(`refit/${loop.model}/run/1`)).outcome, 'promoted')
    assert.deepEqual(await whoAsked(loop), ['schedule by schedule'])
    const [tick] = (await handle.describe()).info.recentActions
    assert.match(tick?.action.workflow.workflowId ?? '', new RegExp(`^refit/${loop.model}/tick`))

    const weekly = { ...nightly, cron: '30 4 * * 1' }
    const hours = async () => (await handle.describe()).spec.calendars?.map(({ hour }) => hour)
    const before = await hours()
    assert.equal(await keep(weekly, true), 'updated')
    assert.deepEqual(await hours(), before)
    assert.equal(await keep(weekly), 'updated')
    assert.notDeepEqual(await hours(), before)
    assert.equal(await keep(undefined, true), 'deleted')
    assert.equal(await keep(weekly), 'unchanged')
    assert.equal(await keep(undefined), 'deleted')
    await assert.rejects(handle.describe(), { name: 'ScheduleNotFoundError' })
    assert.equal(await keep(undefined), 'unchanged')
  } finally {
    await loop.stop()
  }
})

const chromium = findChromium()

test('a person: one JSON object in the start form of the Temporal UI', {
  timeout: 180_000,
  skip: chromium === undefined ? NO_BROWSER : false,
}, async () => {
  if (chromium === undefined) return
  const loop = await startLoop(temporal, { model: 'late-orders' })
  const browser = await startBrowser(chromium)
  try {
    await writeOrders(loop.landing, { month: '2026-01' })
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } })
    await startByHand(page, { workflowId: 'january-by-hand', input: '{"model":"late-orders"}' })
    const result = await endOf('january-by-hand')
    assert.equal(result.outcome, 'promoted', result.reason)
    assert.deepEqual(await whoAsked(loop), ['manual by unknown'])

    await page.goto(`${temporal.server.uiAddress}/namespaces/default/workflows/january-by-hand`)
    // The timeline, with input and result above it.
    await page.getByText('confirmServing').first().waitFor()
    await photograph(page, 'run-timeline')
    await page.getByText('User Metadata').first().click()
    // The UI shows Markdown in a frame of its own.
    const details = page.locator('iframe').last().contentFrame()
    await details.getByText('Run 1 of model late-orders').waitFor()
    await details.getByText('version 1 is champion, after version 0').first().waitFor()
    await photograph(page, 'run-details')
  } finally {
    await browser.close()
    await loop.stop()
  }
})

/** Fills in the start form as a person does; the deep link fills in where the run is to go. */
async function startByHand(page: Page, { workflowId, input }: { workflowId: string; input: string }): Promise<void> {
  const form = `${temporal.server.uiAddress}/namespaces/default/workflows/start-workflow`
  await page.goto(`${form}?taskQueue=refit&workflowType=retrain`)
  await page.getByLabel('Workflow ID').fill(workflowId)
  await page.locator('.cm-content').first().click()
  // The form brings the input of the last run of this type.
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.press('Delete')
  await page.keyboard.type(input)
  // Left, the editor lays its JSON out anew and moves the button away from under the first click.
  await page.getByLabel('Workflow ID').click()
  await photograph(page, 'start-form')
  await until('the start of the workflow', async () => {
    await page
      .getByRole('button', { name: 'Start Workflow' })
      .last()
      .click({ timeout: 2_000 })
      .catch(() => undefined)
    return temporal.client.isOpen(workflowId)
  })
}

/** Keeps a picture for the documentation, when it is asked for. */
async function photograph(page: Page, name: string): Promise<void> {
  if (process.env.REFIT_SCREENSHOTS !== '1') return
  await mkdir(packageFile('docs/images'), { recursive: true })
  await page.screenshot({ path: packageFile(`docs/images/${name}.png`), fullPage: true })
}

test('an alert: Alertmanager and signed JSON reach the steward, repetitions and strangers do not', {
  timeout: 180_000,
}, async () => {
  const loop = await startLoop(temporal)
  const secrets = { REFIT_ALERT_TOKEN: 'let-me-in-please', REFIT_HMAC_SECRET: 'known to both' }
  const receiver = await startReceiver(loop, secrets).catch(async (thrown: unknown) => {
    await loop.stop()
    throw thrown
  })
  const post = (path: string, body: object, headers: Record<string, string>) =>
    send(receiver.address, path, body, headers)
  const bearer = { authorization: 'Bearer let-me-in-please' }
  const signed = (body: object) => {
    const timestamp = String(Math.floor(Date.now() / 1000))
    const signature = sign(secrets.REFIT_HMAC_SECRET, timestamp, Buffer.from(JSON.stringify(body)))
    return { 'x-refit-timestamp': timestamp, 'x-refit-signature': signature }
  }
  try {
    await writeOrders(loop.landing, { month: '2026-01' })
    const alert = alertmanager(loop.model)
    assert.equal((await post('/alerts/alertmanager', alert, { authorization: 'Bearer guessed' })).status, 401)
    assert.equal((await post('/alerts/alertmanager', alert, {})).status, 401)
    const answers = await Promise.all([1, 2, 3].map(() => post('/alerts/alertmanager', alert, bearer)))
    for (const { status, body } of answers) {
      assert.equal(status, 202, JSON.stringify(body))
      assert.match(JSON.stringify(body), /"kind":"admitted","run":1/)
    }
    assert.equal((await endOf(`refit/${loop.model}/run/1`)).outcome, 'promoted')
    // Alertmanager repeats itself for as long as an alert fires.
    assert.equal((await post('/alerts/alertmanager', alert, bearer)).status, 202)
    assert.deepEqual(await whoAsked(loop), ['alert by alertmanager'])

    await untilFree(loop)
    const wish = { model: loop.model, reason: 'accuracy fell in the north', id: 'incident-7', source: 'pager' }
    assert.equal((await post('/alerts/generic', wish, { ...signed({}), 'content-type': 'text/plain' })).status, 401)
    const first = await post('/alerts/generic', wish, signed(wish))
    assert.equal(first.status, 202, JSON.stringify(first.body))
    const again = await post('/alerts/generic', wish, signed(wish))
    assert.deepEqual(again, first)
    assert.equal((await endOf(`refit/${loop.model}/run/2`)).outcome, 'notNeeded')
    assert.deepEqual(await whoAsked(loop), ['alert by alertmanager', 'alert by pager'])

    await temporal.client.setPaused(loop.model, true)
    const later = { ...wish, id: 'incident-8' }
    const refused = await post('/alerts/generic', later, signed(later))
    assert.equal(refused.status, 409)
    assert.match(JSON.stringify(refused.body), /The model is paused\. Resume it with `refit resume`, then ask again\./)
    assert.equal((await post('/alerts/alertmanager', alertmanager(loop.model, 'b2'), bearer)).status, 409)
    assert.equal((await whoAsked(loop)).length, 2)
  } finally {
    await receiver.stop()
    await loop.stop()
  }
})

const untilFree = ({ model }: TestLoop) =>
  until('the steward to be free', async () => (await temporal.client.stewardStatus(model))?.running === null)

async function send(address: string, path: string, body: object, headers: Record<string, string>) {
  const response = await fetch(`${address}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const answer: unknown = await response.json()
  return { status: response.status, body: answer }
}

const alertmanager = (model: string, fingerprint = 'a1') => ({
  version: '4',
  status: 'firing',
  receiver: 'refit',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'LateOrdersMissed', model, severity: 'page' },
      annotations: { summary: 'many late orders were not foreseen' },
      startsAt: '2026-02-01T03:00:00Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: '',
      fingerprint,
    },
  ],
})
