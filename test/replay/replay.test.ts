/** Workflow code as it is now replays what was recorded earlier, and the check notices when it would not. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker'
import { DeterminismViolationError } from '@temporalio/workflow'
import { packageFile } from '../support/example-file.js'
import { type History, payloadSizesIn } from '../support/history.js'
import { workflowBundle } from '../support/temporal.js'

const MOST_BYTES = 64 * 1024

const files = readdirSync(packageFile('test/histories'))
  .filter((name) => name.endsWith('.json'))
  .sort()
const textOf = (file: string) => readFileSync(packageFile(`test/histories/${file}`), 'utf8')
const historyOf = (file: string): History => historyFromJSON(JSON.parse(textOf(file)))

/** Replays histories on a bundle of workflows; gives what went wrong by file. */
async function replay(bundle: WorkflowBundle, names: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  const failures = new Map<string, unknown>()
  const fileOfRun = new Map<string, string>()
  const histories = names.map((file) => {
    const history = historyOf(file)
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes
    fileOfRun.set(started?.originalExecutionRunId ?? '', file)
    return { history, workflowId: started?.workflowId ?? file }
  })
  assert.equal(fileOfRun.size, names.length)
  let replayed = 0
  for await (const { runId, error } of Worker.runReplayHistories({ workflowBundle: bundle }, histories)) {
    replayed++
    const file = fileOfRun.get(runId)
    assert.ok(file, `Replayed a run that nobody gave: ${runId}`)
    if (error !== undefined) failures.set(file, error)
  }
  assert.equal(replayed, names.length)
  return failures
}

let bundle: WorkflowBundle
let failures: ReadonlyMap<string, unknown>
before(async () => {
  // What is expected to fail is told by the test, not by the worker's log.
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  })
  bundle = await workflowBundle()
  failures = await replay(bundle, files)
})

test('every workflow has histories', () => {
  const workflows = new Set(files.map((file) => file.split('-')[0]))
  assert.deepEqual([...workflows], ['ingest', 'retrain', 'steward', 'tick'])
  assert.ok(files.includes('steward-continued-2.json'))
})

for (const file of files) {
  test(`${file} replays`, () => assert.equal(failures.get(file), undefined))
}

test('the steward does not look after a run that asks, or when there is none', () => {
  const activities = (historyOf('steward-rollback.json').events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? [],
  )
  assert.deepEqual(activities, ['ruleOnRequests', 'openRun', 'rollBack'])
})

/** A change that breaks runs in flight: what is replaced where, and a history that must tell. */
const CHANGES = [
  {
    change: 'a retrain that selects before it decides',
    from: /rows\.(decide|select)\(at\)/g,
    to: (found: string) => (found.includes('decide') ? 'rows.select(at)' : 'rows.decide(at)'),
    file: 'retrain-promoted.json',
  },
  {
    change: 'a retrain that reports before its end is on record',
    from: /quick\.(recordEnd|report)\(/g,
    to: (found: string) => (found.includes('recordEnd') ? 'quick.report(' : 'quick.recordEnd('),
    file: 'retrain-rejected.json',
  },
  {
    change: 'an ingest that fans out one by one',
    from: /Promise\.allSettled\(batches\.map\(\(source\) => bringIn\(at, source\)\)\)/g,
    to: () => 'Promise.allSettled([await bringIn(at, batches[0])])',
    file: 'ingest-pages-and-poison-1.json',
  },
  {
    change: 'a steward that opens a run without looking after the one before',
    from: /const isOpen = await \w*\.?quick\.isRunOpen/g,
    to: () => 'const isOpen = true; void await (async () => {})',
    file: 'steward-released-dead-run.json',
  },
  {
    change: 'a tick that asks for nothing',
    from: /quick\.admit\(\{\s+model,\s+request: \{ id,/g,
    to: (found: string) => found.replace('admit', 'openRun'),
    file: 'tick-admitted.json',
  },
] as const

for (const { change, from, to, file } of CHANGES) {
  test(`${change} does not replay`, async () => {
    if (!('code' in bundle)) assert.fail('the bundle has no text')
    const { code } = bundle
    const changed = code.replace(from, to)
    assert.notEqual(changed, code, 'the text of the workflow is another now')
    const found = await replay({ code: changed }, [file])
    assert.ok(found.get(file) instanceof DeterminismViolationError, String(found.get(file)))
  })
}

test('a history survives its way through JSON', () => {
  const history = historyOf('retrain-promoted.json')
  assert.deepEqual(historyFromJSON(JSON.parse(historyToJSON(history))), history)
})

test('no payload of a history exceeds 64 KB', () => {
  const sizes = files.flatMap((file) => payloadSizesIn(historyOf(file), file))
  assert.ok(sizes.length > 500)
  assert.deepEqual(
    sizes.filter(({ bytes }) => bytes > MOST_BYTES),
    [],
  )
})

test('no history names a process, a host or a folder of the machine that it was captured on', () => {
  for (const file of files) {
    const plain = textOf(file).replaceAll(/"data":"([^"]+)"/g, (_, data) => Buffer.from(data, 'base64').toString())
    assert.doesNotMatch(plain, /"identity"|\d+@[\w.-]+"|file:|node_modules|(?<![\w.}])\/[\w.-]+\/[\w.-]+/, file)
  }
})
