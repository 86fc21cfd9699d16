/** Verbs that fail, as a user sees them: one clear sentence, an exit code, and nothing lost. Needs no Temporal server. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { readConfig } from '../../src/config.js'
import { freePort } from '../../src/server/ports.js'
import { apply } from '../../src/stages/apply.js'
import { openPorts } from '../../src/wiring.js'
import { LATE_ORDERS, lateOrdersSpec, writeOrders } from '../support/late-orders.js'
import { outsideEnvironment, refit, refitFails, refitJson, type Surroundings } from '../support/refit.js'

const Account = z.object({ holds: z.boolean(), rowsIn: z.number(), kept: z.number(), quarantined: z.number() })
const Commits = z.object({
  commits: z.array(z.object({ receipt: z.object({ rowsIn: z.number(), unreadable: z.string().optional() }) })),
})

/** A folder with a spec and a landing folder, and a store in which that spec is applied. */
async function project(t: TestContext, { glob = 'landing/*.csv', store = 'store' } = {}): Promise<Surroundings> {
  const folder = await mkdtemp(join(tmpdir(), 'refit-verbs-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'landing'))
  const change = (text: string) => text.replace('landing/*.csv', glob)
  await writeFile(join(folder, 'refit.yaml'), change(LATE_ORDERS))
  const env = {
    ...outsideEnvironment(),
    TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`,
    REFIT_STORE: `file:${join(folder, store)}`,
    REFIT_SCRATCH: join(folder, 'scratch'),
  }
  if (store === 'store') await applyHere({ folder, env }, change)
  return { folder, env }
}

async function applyHere({ folder, env }: Surroundings, change?: (text: string) => string): Promise<void> {
  const by = { id: 'first', actor: 'test' }
  await apply(await openPorts(readConfig(env)), { spec: lateOrdersSpec(change), folder }, by)
}

test('a spec that is not there', async (t) => {
  const here = await project(t)
  const sentence = await refitFails(['apply', 'other.yaml'], here, { exitCode: 2, code: 'InvalidInput' })
  assert.match(sentence, /^Cannot read the spec "other\.yaml": there is no such file\. /)
})

test('a Temporal address where nobody answers: told within seconds, and nothing was done', {
  timeout: 180_000,
}, async (t) => {
  const here = await project(t)
  await writeFile(join(here.folder, 'refit.yaml'), LATE_ORDERS.replace('model: orders', 'model: other'))
  const unavailable = { exitCode: 1, code: 'TemporalUnavailable' } as const
  const calls = [['apply'], ['run', 'orders']].map((verb) => refitFails(verb, here, unavailable))
  for (const sentence of await Promise.all(calls)) {
    const address = here.env.TEMPORAL_ADDRESS ?? ''
    assert.ok(sentence.startsWith(`Cannot reach Temporal at ${address}: `), sentence)
    assert.ok(sentence.endsWith('Start one with `refit dev`, or set TEMPORAL_ADDRESS.'), sentence)
  }
  // The worker's client is another one.
  const worker = await refitFails(['worker'], here, unavailable)
  assert.match(worker, /^Cannot reach Temporal at [^ ]+: [^":{}]+\. Check TEMPORAL_ADDRESS and that the server runs\.$/)
  const registry = await refitFails(['registry', 'other'], here, { exitCode: 2, code: 'NotFound' })
  assert.match(registry, /known are "orders"\.$/)
})

test('a model that is unknown, a number that is none, an address that is no store', async (t) => {
  const here = await project(t)
  assert.match(
    await refitFails(['registry', 'planes'], here, { exitCode: 2, code: 'NotFound' }),
    /^Cannot find model "planes" in file:.*: known are "orders"\.$/,
  )
  assert.equal(
    await refitFails(['rollback', '--to', 'two', '--reason', 'x'], here, { exitCode: 2, code: 'InvalidInput' }),
    'Expected the number of a version, got "two".',
  )
  assert.equal(
    await refitFails(['report', '--run', '3'], here, { exitCode: 2, code: 'NotFound' }),
    'Cannot find run 3 of "orders": it has 0 runs.',
  )
  const nowhere = { ...here, env: { ...here.env, REFIT_STORE: 'ftp://somewhere' } }
  const { exitCode, stderr } = await refit(['registry'], nowhere)
  assert.equal(exitCode, 2)
  assert.match(stderr, /REFIT_STORE|expected file:FOLDER or s3:\/\/BUCKET\/PREFIX/)
})

test('a Parquet file that cannot be read is kept in quarantine, and named', async (t) => {
  const here = await project(t, { glob: 'landing/*' })
  await writeFile(join(here.folder, 'landing', 'a.parquet'), 'PAR1 and then nothing of the kind')
  await writeOrders(join(here.folder, 'landing'), { month: '2026-01', rows: 200 })
  const { exitCode, stdout } = await refit(['ingest'], here)
  assert.equal(exitCode, 1)
  assert.match(stdout, /^landing\/a\.parquet +0 +0 +0 +0 +\S/m)
  assert.match(stdout, /^landing\/2026-01\.csv +200 +198 +2 +0 /m)
  const account = { holds: true, rowsIn: 200, kept: 198, quarantined: 2 }
  assert.deepEqual(await refitJson(['ingest', '--verify'], here, Account), account)
})

test('a disk that is full: told in a sentence, and once there is room nothing was lost', async (t) => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    t.skip('not run: a small disk can be mounted by root on Linux only')
    return
  }
  const here = await project(t, { store: 'disk/store' })
  const disk = join(here.folder, 'disk')
  await mkdir(disk)
  if (!mount('-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk)) {
    t.skip('not run: root may not mount here')
    return
  }
  try {
    await applyHere(here)
    await writeOrders(join(here.folder, 'landing'), { month: '2026-01', rows: 60_000 })
    const sentence = await refitFails(['ingest'], here, { exitCode: 1, code: 'StoreUnavailable' })
    assert.match(sentence, /: the disk is full\. Free space or enlarge the volume, then try again; /)
    assert.ok(mount('-o', 'remount,size=64m', disk))
    const { commits } = await refitJson(['ingest'], here, Commits)
    assert.deepEqual(commits, [{ receipt: { rowsIn: 60_000 } }])
    const account = { holds: true, rowsIn: 60_000, kept: 59_400, quarantined: 600 }
    assert.deepEqual(await refitJson(['ingest', '--verify'], here, Account), account)
  } finally {
    execFileSync('umount', [disk])
  }
})

function mount(...args: readonly string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
