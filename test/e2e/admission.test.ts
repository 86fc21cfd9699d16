/** The steward and the process, on a real server, with computing stubbed. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { RefitError } from '../../src/errors.js'
import { createLocalStorage } from '../../src/storage/local.js'
import type { Storage } from '../../src/storage/storage.js'
import { AdmitRequest, type RunResult } from '../../src/workflows/messages.js'
import { applySmallModel } from '../support/small-model.js'
import { type StubAnswers, straightToPromotion, stubActivities } from '../support/stub-activities.js'
import { startTestTemporal, type TestTemporal, withWorker } from '../support/temporal.js'

let temporal: TestTemporal
let storage: Storage

before(async () => {
  temporal = await startTestTemporal()
  storage = await createLocalStorage(join(temporal.folder, 'store'))
})
after(() => temporal.stop())

const apply = (model: string) => applySmallModel(storage, model)

const request = (fields: object = {}) => AdmitRequest.parse({ id: randomUUID(), actor: 'test', ...fields })

const withStubs = (answers: Partial<StubAnswers>, body: (answers: StubAnswers) => Promise<void>) => {
  const complete = { ...straightToPromotion(), ...answers }
  return withWorker(temporal.address, stubActivities(storage, complete), () => body(complete))
}

test('a person starts retrain by hand with one JSON object: it admits itself and is promoted', async () => {
  await apply('by-hand')
  await withStubs({}, async ({ calls }) => {
    const handle = await temporal.temporal.workflow.start('retrain', {
      workflowId: 'my-own-id',
      taskQueue: 'refit',
      args: [{ model: 'by-hand' }],
    })
    const result: RunResult = await handle.result()
    assert.deepEqual(result, {
      outcome: 'promoted',
      reason: 'moved',
      model: 'by-hand',
      run: 1,
      version: 1,
      report: 'report.html',
    })
    assert.deepEqual(calls.slice(0, 3), ['planRun', 'collect', 'sumUpIngest'])
    const status = await temporal.client.stewardStatus('by-hand')
    assert.equal(status?.lastOutcome, 'promoted')
    assert.equal(status?.running, null)
  })
})

test('bad input fails the workflow at once, with every problem', async () => {
  await withStubs({}, async () => {
    const handle = await temporal.temporal.workflow.start('retrain', {
      workflowId: `bad-${randomUUID()}`,
      taskQueue: 'refit',
      args: [{ modle: 'flights', trigger: 'boredom' }],
    })
    await assert.rejects(handle.result(), (error: Error) => {
      const message = (error.cause as Error).message
      assert.match(message, /^Invalid input for retrain:/)
      assert.match(message, /expected the name of a model, for example {"model": "flights"}/)
      assert.match(message, /Unrecognized key: "modle"/)
      assert.match(message, /trigger/)
      return true
    })
  })
})

test('a model without a spec refuses, saying what to do', async () => {
  await withStubs({}, async () => {
    const ruling = await temporal.client.admit('unknown-model', request())
    assert.deepEqual(ruling, {
      kind: 'refused',
      reason:
        'Cannot find the spec of model "unknown-model": none was applied to this store. Apply one with `refit apply`.',
    })
  })
})

test('five hundred alerts during a run become one follow-up run with merged reasons', async () => {
  await apply('stormy')
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  await withStubs({ beforeTrain: () => held }, async ({ calls }) => {
    const first = await temporal.client.admit('stormy', request({ trigger: 'manual' }))
    assert.equal(first.kind, 'admitted')
    const alerts = Array.from({ length: 50 }, (_, i) =>
      temporal.client.admit('stormy', request({ trigger: 'alert', reason: `alert ${i % 3}`, count: 10 })),
    )
    const kinds = new Set((await Promise.all(alerts)).map(({ kind }) => kind))
    assert.deepEqual([...kinds], ['queued'])
    const status = await temporal.client.stewardStatus('stormy')
    assert.equal(status?.pending?.count, 500)
    release()
    if (first.kind === 'admitted') await temporal.client.result(first.workflowId)
    await waitFor(async () => (await temporal.client.runStatus('refit/stormy/run/2')) !== undefined)
    const second = await temporal.client.result('refit/stormy/run/2')
    assert.equal(second.outcome, 'promoted')
    assert.equal(calls.filter((name) => name === 'planRun').length, 2)
    assert.equal(await temporal.client.isOpen('refit/stormy/run/3'), false)
  })
})

test('the same request id has the same ruling', async () => {
  await apply('twice')
  await withStubs({}, async () => {
    const wish = request()
    const [one, two] = await Promise.all([temporal.client.admit('twice', wish), temporal.client.admit('twice', wish)])
    assert.deepEqual(one, two)
    if (one.kind === 'admitted') await temporal.client.result(one.workflowId)
    assert.deepEqual(await temporal.client.admit('twice', wish), one)
  })
})

test('a paused model refuses at once; a resumed one admits', async () => {
  await apply('paused')
  await withStubs({}, async () => {
    await temporal.client.setPaused('paused', true)
    assert.equal((await temporal.client.admit('paused', request())).kind, 'refused')
    await temporal.client.setPaused('paused', false)
    const ruling = await temporal.client.admit('paused', request())
    assert.equal(ruling.kind, 'admitted')
    if (ruling.kind === 'admitted') await temporal.client.result(ruling.workflowId)
  })
})

test('a run that was terminated from outside is noticed and released', async () => {
  await apply('killed')
  await withStubs({ beforeTrain: () => new Promise(() => {}) }, async () => {
    const first = await temporal.client.admit('killed', request())
    assert.equal(first.kind, 'admitted')
    await temporal.temporal.workflow.getHandle('refit/killed/run/1').terminate('by a test')
    const handle = await temporal.temporal.workflow.start('retrain', {
      workflowId: 'after-the-killed',
      taskQueue: 'refit',
      args: [{ model: 'killed' }],
    })
    await waitFor(async () => (await temporal.client.runStatus('after-the-killed'))?.run === 2)
    await handle.terminate('done')
  })
})

test('a champion that moved meanwhile is judged against again', async () => {
  await apply('raced')
  await withStubs({ promotions: ['stale'] }, async ({ calls }) => {
    const ruling = await temporal.client.admit('raced', request())
    if (ruling.kind !== 'admitted') assert.fail(JSON.stringify(ruling))
    assert.equal((await temporal.client.result(ruling.workflowId)).outcome, 'promoted')
    assert.equal(calls.filter((name) => name === 'evaluate').length, 2)
  })
})

test('a champion that does not serve is rolled back by compensation', async () => {
  await apply('unserved')
  await withStubs({ isServing: false }, async ({ calls }) => {
    const ruling = await temporal.client.admit('unserved', request())
    if (ruling.kind !== 'admitted') assert.fail(JSON.stringify(ruling))
    assert.equal((await temporal.client.result(ruling.workflowId)).outcome, 'rolledBack')
    assert.ok(calls.includes('restoreChampion'))
  })
})

test('a store that is away while a run trains is waited for, however often training is tried', {
  timeout: 90_000,
}, async () => {
  await apply('outage')
  let left = 6
  const beforeTrain = async () => {
    if (left-- > 0) throw new RefitError('StoreUnavailable', 'Cannot read the store: it is away. Mount it.')
  }
  await withStubs({ beforeTrain }, async () => {
    const ruling = await temporal.client.admit('outage', request())
    if (ruling.kind !== 'admitted') assert.fail(JSON.stringify(ruling))
    assert.equal((await temporal.client.result(ruling.workflowId)).outcome, 'promoted')
    assert.equal(left, -1)
  })
})

test('a report that cannot be written changes nothing about what happened', async () => {
  await apply('unreported')
  await withStubs({ broken: 'report' }, async () => {
    const ruling = await temporal.client.admit('unreported', request())
    if (ruling.kind !== 'admitted') assert.fail(JSON.stringify(ruling))
    const { outcome, report } = await temporal.client.result(ruling.workflowId)
    assert.deepEqual({ outcome, report }, { outcome: 'promoted', report: null })
    const { facts } = (await temporal.client.runStatus(ruling.workflowId)) ?? { facts: [] }
    assert.deepEqual(facts.at(-1), { stage: 'report', text: 'no report: Cannot report: it is broken. Repair it.' })
    await waitFor(async () => (await temporal.client.stewardStatus('unreported'))?.running === null)
  })
})

test('a run that ends before the steward has noted its start frees the model all the same', async () => {
  await apply('quick-run')
  const activities = stubActivities(storage, { ...straightToPromotion(), verdict: 'none' })
  const openRun: typeof activities.openRun = async (input) => {
    const opened = await activities.openRun(input)
    await temporal.client.result(opened.workflowId)
    return opened
  }
  await withWorker(temporal.address, { ...activities, openRun }, async () => {
    const ruling = await temporal.client.admit('quick-run', request())
    assert.equal(ruling.kind, 'admitted')
    const status = await temporal.client.stewardStatus('quick-run')
    assert.deepEqual([status?.running, status?.lastOutcome], [null, 'notNeeded'])
  })
})

test('a workflow that takes the id of an open run asks for admission like any other', async () => {
  await apply('same-id')
  await withStubs({}, async () => {
    const first = await temporal.client.admit('same-id', request())
    if (first.kind !== 'admitted') assert.fail(JSON.stringify(first))
    await temporal.client.result(first.workflowId)
    await waitFor(async () => (await temporal.client.stewardStatus('same-id'))?.running === null)
    const again = await temporal.temporal.workflow.start('retrain', {
      workflowId: first.workflowId,
      taskQueue: 'refit',
      args: [{ model: 'same-id' }],
    })
    assert.equal((await again.result()).run, 2)
  })
})

test('an inconclusive candidate waits for a person; the first word counts', async () => {
  await apply('asking')
  await withStubs({ next: 'ask' }, async () => {
    const ruling = await temporal.client.admit('asking', request())
    if (ruling.kind !== 'admitted') assert.fail(JSON.stringify(ruling))
    await waitFor(async () => (await temporal.client.runStatus(ruling.workflowId))?.waitingFor !== null)
    await assert.rejects(
      temporal.client.approve(ruling.workflowId, { actor: '', reason: 'x' }),
      /Invalid input for approve or reject/,
    )
    await temporal.client.approve(ruling.workflowId, { actor: 'ada', reason: 'looked at the slices' })
    assert.equal((await temporal.client.result(ruling.workflowId)).outcome, 'promoted')
  })
})

test('a cancelled run ends as cancelled, is reported, and frees the model', async () => {
  await apply('cancelled')
  await withStubs({ next: 'ask' }, async ({ calls }) => {
    const ruling = await temporal.client.admit('cancelled', request())
    if (ruling.kind !== 'admitted') assert.fail(JSON.stringify(ruling))
    await waitFor(async () => (await temporal.client.runStatus(ruling.workflowId))?.waitingFor != null)
    await temporal.temporal.workflow.getHandle(ruling.workflowId).cancel()
    await assert.rejects(temporal.client.result(ruling.workflowId))
    assert.ok(calls.includes('recordEnd cancelled'))
    await waitFor(async () => (await temporal.client.stewardStatus('cancelled'))?.running === null)
  })
})

async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail('waited for 30 s in vain')
}
