/** The verbs of the command line as a user calls them: processes of their own, answers as text and as JSON. */
import assert from 'node:assert/strict'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { readRunRecord } from '../../src/stages/run-record.js'
import { LATE_ORDERS, writeOrders } from '../support/late-orders.js'
import { startLoop, type TestLoop } from '../support/loop.js'
import { refit, refitFails, refitJson, type Surroundings } from '../support/refit.js'
import { startTestTemporal, type TestTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

let temporal: TestTemporal
let loop: TestLoop
let here: Surroundings

before(async () => {
  temporal = await startTestTemporal()
  loop = await startLoop(temporal, { model: 'orders', spec: (text) => `${text}approval:\n  required: always\n` })
  here = { folder: loop.folder, env: { ...loop.env, REFIT_ACTOR: 'ada' } }
})
after(async () => {
  await loop?.stop()
  await temporal?.stop()
})

const Ended = z.object({ outcome: z.string(), reason: z.string(), run: z.number(), version: z.number().nullable() })
const Admitted = z.object({ kind: z.literal('admitted'), run: z.number(), workflowId: z.string() })

/** Starts a run by the command line, without waiting, and waits until it asks a person. */
async function asking(...args: string[]): Promise<z.infer<typeof Admitted>> {
  const admitted = await refitJson(['run', '--detach', ...args], here, Admitted)
  await until('the question', async () => (await temporal.client.runStatus(admitted.workflowId))?.waitingFor)
  return admitted
}

test('apply stores a spec and its schedule, says what it would do, and does nothing twice', {
  timeout: 60_000,
}, async () => {
  const Applied = z.object({ schedule: z.string(), revision: z.number().optional(), isNew: z.boolean().optional() })
  const folder = join(loop.folder, 'second')
  const second = { ...here, folder }
  await mkdir(folder)
  const spec = LATE_ORDERS.replace('model: orders', 'model: second')
  const scheduled = spec.replace('triggers:\n', "triggers:\n  schedule: { cron: '0 3 * * *' }\n")
  await writeFile(join(folder, 'refit.yaml'), scheduled)
  assert.deepEqual(await refitJson(['apply', '--dry-run'], second, Applied), { schedule: 'created' })
  assert.deepEqual((await refitJson(['status'], here, z.object({ models: z.array(z.unknown()) }))).models.length, 1)
  const first = { schedule: 'created', revision: 1, isNew: true }
  assert.deepEqual(await refitJson(['apply'], second, Applied), first)
  assert.deepEqual(await refitJson(['apply'], second, Applied), { schedule: 'unchanged', revision: 1, isNew: false })
  await writeFile(join(folder, 'refit.yaml'), spec)
  const { exitCode, stdout } = await refit(['apply', 'refit.yaml'], second)
  assert.equal(exitCode, 0)
  assert.equal(stdout, 'Revision 2 of the spec of "second" is stored; schedule: deleted.\n')
  // Further tests are about one model.
  await rm(join(loop.folder, 'store', 'models', 'second'), { recursive: true })
})

test('run is followed to its end, approve lets the candidate pass', { timeout: 120_000 }, async () => {
  await writeOrders(loop.landing, { month: '2026-01' })
  let heard = ''
  const following = refit(['run', '--reason', 'January arrived'], here, (stderr) => {
    heard = stderr
  })
  await until('the question, as who follows is told', async () => heard.includes('waiting for a person'))
  const approved = await refit(['approve', '1', '--reason', 'looked at it'], here)
  assert.deepEqual(approved, { exitCode: 0, stdout: 'Run 1 of "orders": approve is recorded.\n', stderr: '' })
  const { exitCode, stdout, stderr } = await following
  assert.equal(stdout, 'Run 1 ended promoted: version 1 is champion, after version 0\n')
  assert.equal(exitCode, 0)
  assert.match(stderr, /^ {2}ingest +1 batch(es)?, 8,000 rows in, 7,920 kept, 80 quarantined$/m)
  assert.match(stderr, /^ {2}waiting for a person: update `approve` or `reject` within 7 days$/m)
  assert.match(stderr, /^ {2}approve +approved by ada: looked at it$/m)
})

test('reject refuses the candidate; rerun examines it again', { timeout: 120_000 }, async () => {
  const { run, workflowId } = await asking('--force', 'full', '--train-from', '2026-01-05T00:00:00')
  const Said = z.object({ run: z.number(), verb: z.string(), actor: z.string() })
  const said = await refitJson(['reject', String(run), '--reason', 'not now'], here, Said)
  assert.deepEqual(said, { run, verb: 'reject', actor: 'ada' })
  assert.equal((await temporal.client.result(workflowId)).outcome, 'rejected')
  const rerun = await refitJson(['rerun', String(run), '--from', 'evaluate', '--detach'], here, Admitted)
  await until('the question', async () => (await temporal.client.runStatus(rerun.workflowId))?.waitingFor)
  await refitJson(['approve', String(rerun.run), '--reason', 'now'], here, Said)
  assert.equal((await temporal.client.result(rerun.workflowId)).outcome, 'promoted')
})

test('a run that needs nothing is no bad news', { timeout: 60_000 }, async () => {
  await until('the steward to be free', async () => (await temporal.client.stewardStatus('orders'))?.running === null)
  const { outcome, reason } = await refitJson(['run'], here, Ended)
  assert.deepEqual({ outcome, reason }, { outcome: 'notNeeded', reason: 'No row has arrived since the last decision.' })
})

test('status, registry, drift and report tell what is', { timeout: 60_000 }, async () => {
  const Model = z.object({ model: z.string(), champion: z.object({ version: z.number() }), runs: z.number() })
  const status = await refitJson(['status'], here, z.object({ models: z.array(Model) }))
  assert.deepEqual(status.models, [{ model: 'orders', champion: { version: 3 }, runs: 4 }])
  const Move = z.object({ version: z.number(), actor: z.string() })
  const Registry = z.object({ versions: z.array(z.unknown()), aliases: z.object({ champion: z.array(Move) }) })
  const registry = await refitJson(['registry'], here, Registry)
  assert.deepEqual(
    registry.aliases.champion.map(({ version }) => version),
    [0, 1, 3],
  )
  // The one that was rejected stays in the registry.
  assert.equal(registry.versions.length, 4)
  await writeOrders(loop.landing, { month: '2026-02' })
  const Commits = z.object({ commits: z.array(z.object({ receipt: z.object({ rowsIn: z.number() }) })) })
  assert.deepEqual(await refitJson(['ingest'], here, Commits), { commits: [{ receipt: { rowsIn: 8000 } }] })
  assert.equal((await refit(['ingest'], here)).stdout, 'Nothing new arrived.\n')
  const Drift = z.object({ evidence: z.object({ liveRows: z.number(), features: z.array(z.unknown()) }) })
  const { evidence } = await refitJson(['drift', 'orders'], here, Drift)
  assert.deepEqual({ rows: evidence.liveRows, features: evidence.features.length }, { rows: 7920, features: 3 })
  const out = join(loop.folder, 'report.html')
  const written = await refitJson(['report', '--run', '1', '--out', out], here, z.object({ path: z.string() }))
  assert.equal(written.path, out)
  const html = await readFile(out, 'utf8')
  assert.match(html, /^<!doctype html>/i)
  assert.doesNotMatch(html, /<script|src="http/)
  for (const verb of ['status', 'registry', 'drift']) {
    const { exitCode, stdout } = await refit([verb], here)
    assert.equal(exitCode, 0)
    assert.match(stdout, /orders|version/)
  }
})

test('rollback, pause and resume go through the steward', { timeout: 60_000 }, async () => {
  const RolledBack = z.object({ model: z.string(), version: z.number() })
  const rolledBack = await refitJson(['rollback', '--reason', 'complaints'], here, RolledBack)
  assert.deepEqual(rolledBack, { model: 'orders', version: 1 })
  assert.match(
    await refitFails(['rollback', '--to', '9', '--reason', 'a slip'], here, { exitCode: 2, code: 'NotFound' }),
    /version 9/,
  )
  assert.equal((await refit(['pause'], here)).stdout, 'Model "orders" is paused.\n')
  const Refused = z.object({ kind: z.literal('refused'), reason: z.string() })
  const { reason } = await refitJson(['run'], here, Refused, 1)
  assert.equal(reason, 'The model is paused. Resume it with `refit resume`, then ask again.')
  assert.equal((await refit(['resume'], here)).stdout, 'Model "orders" is resumed.\n')
})

test('verify and doctor find all in order, and say so when a row is missing', { timeout: 60_000 }, async () => {
  const Account = z.object({ holds: z.boolean(), rowsIn: z.number(), kept: z.number(), quarantined: z.number() })
  const account = { holds: true, rowsIn: 16_000, kept: 15_840, quarantined: 160 }
  assert.deepEqual(await refitJson(['ingest', '--verify'], here, Account), account)
  const Findings = z.object({ findings: z.array(z.object({ what: z.string(), isFine: z.boolean() })) })
  const { findings } = await refitJson(['doctor'], here, Findings)
  assert.deepEqual(
    findings.filter(({ isFine }) => !isFine),
    [],
  )
  assert.ok(findings.some(({ what }) => what === 'rows orders'))

  const partitions = join(loop.folder, 'store', 'datasets', 'orders', 'partitions')
  await rename(partitions, `${partitions}-away`)
  assert.equal((await refitJson(['ingest', '--verify'], here, Account.partial(), 1)).holds ?? false, false)
  const { exitCode, stdout } = await refit(['doctor'], here)
  assert.equal(exitCode, 1)
  assert.match(stdout, /^✖ rows orders +\S/m)
  await rename(`${partitions}-away`, partitions)
  assert.deepEqual(await refitJson(['ingest', '--verify'], here, Account), account)
})

test('what cannot be approved is refused with the reason', { timeout: 60_000 }, async () => {
  const approve = (run: string) => ['approve', run, '--reason', 'sure']
  const ended = await refitFails(approve('1'), here, { exitCode: 2, code: 'InvalidInput' })
  assert.match(ended, /^Cannot approve "refit\/orders\/run\/1": the run has ended and waits for nobody\./)
  await refitFails(approve('99'), here, { exitCode: 2, code: 'NotFound' })
  await refitFails(approve('one'), here, { exitCode: 2, code: 'InvalidInput' })
  await refitFails(['rerun', '99', '--from', 'train'], here, { exitCode: 2, code: 'NotFound' })
  await refitFails(['rerun', '1', '--from', 'nowhere'], here, { exitCode: 2, code: 'InvalidInput' })
  await refitFails(['run', '--force', 'everything'], here, { exitCode: 2, code: 'InvalidInput' })
})

test('a run from whose selection a person was erased promotes nothing, says so, and frees the model', {
  timeout: 120_000,
}, async () => {
  const before = await loop.ports.registry.alias('orders', 'champion')
  const { run, workflowId } = await asking('--force', 'full')
  const Erased = z.object({ datasets: z.array(z.object({ versions: z.array(z.number()), selections: z.number() })) })
  const why = ['--why', 'request 17', '--yes']
  const { datasets } = await refitJson(['erase', '--key', 'depot=east', ...why], here, Erased)
  assert.ok(datasets[0]?.versions.includes(1) && datasets[0].selections >= 3)
  await refit(['approve', String(run), '--reason', 'fine'], here)
  await assert.rejects(temporal.client.result(workflowId))
  const { outcome, outcomeReason } = await readRunRecord(loop.ports.storage, { model: 'orders', run })
  assert.equal(outcome, 'failed')
  const said = new RegExp(
    `^Cannot go on with run ${run} of "orders": rows of .* \\(request 17\\)\\. .*refit rerun ${run} `,
  )
  assert.match(outcomeReason ?? '', said)
  assert.deepEqual(await loop.ports.registry.alias('orders', 'champion'), before)
  await until('the steward to be free', async () => (await temporal.client.stewardStatus('orders'))?.running === null)
})
