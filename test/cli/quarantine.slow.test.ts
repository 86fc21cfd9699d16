/** `refit quarantine` as a person uses it, on a store of its own. Needs no Temporal server. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { readConfig } from '../../src/config.js'
import { apply } from '../../src/stages/apply.js'
import { openPorts } from '../../src/wiring.js'
import { lateOrdersSpec } from '../support/late-orders.js'
import { ownStore, refit, refitFails, refitJson, type Surroundings } from '../support/refit.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const ROWS = [
  '2026-01-01 10:00:00,1,north,true',
  '2026-01-01 11:00:00,heavy,north,true',
  '2026-01-01 12:00:00,120,west,false',
]

/** A store with one batch that was stopped: two of its three rows are broken. */
async function stopped(t: TestContext): Promise<Surroundings> {
  const folder = await temporaryFolder(t)
  const { env } = ownStore(folder)
  await mkdir(join(folder, 'landing'))
  await writeFile(join(folder, 'landing', 'a.csv'), `ordered,mass,depot,late\n${ROWS.join('\n')}\n`)
  await applySpec({ folder, env }, 'first')
  const { exitCode } = await refit(['ingest'], { folder, env })
  assert.equal(exitCode, 1, 'a stopped batch is bad news')
  return { folder, env }
}

async function applySpec({ folder, env }: Surroundings, id: string, change?: (text: string) => string): Promise<void> {
  await apply(await openPorts(readConfig(env)), { spec: lateOrdersSpec(change), folder }, { id, actor: 'test' })
}

const Taken = z.object({
  outcome: z.string(),
  seq: z.number(),
  taken: z.object({ of: z.number(), verb: z.string(), rule: z.string().nullable(), why: z.string() }),
})

test('a stopped batch is listed, shown, released by a corrected spec, and the rest dropped', {
  timeout: 300_000,
}, async (t) => {
  const here = await stopped(t)
  const listed = await refit(['quarantine', 'list'], here)
  assert.match(
    listed.stdout,
    /^batch +rows +why +from\n +1 +3 +.*1 × batch: 66\.67 % broken, limit 10 %.* +landing\/a\.csv$/m,
  )
  const shown = await refit(['quarantine', 'show', '1', '--rows', '2'], here)
  assert.match(shown.stdout, /^Batch 1, landing\/a\.csv, judged by revision 1 of the spec: 3 rows, /)
  assert.match(shown.stdout, /^ *2 +3 +mass: type +2026-01-01 11:00:00 +heavy +north +true$/m)
  assert.match(shown.stdout, /\n1 more rows: datasets\/orders\/quarantine\//)
  await applySpec(here, 'second', (text) => text.replace('max: 100', 'max: 200'))
  const release = ['quarantine', 'release', '1', '--reason', 'heavier vans since January']
  const { outcome, seq, taken } = await refitJson(release, here, Taken)
  assert.deepEqual([outcome, seq], ['taken', 2])
  assert.deepEqual(taken, { of: 1, verb: 'release', rule: null, why: 'heavier vans since January' })
  assert.equal((await refitJson(release, here, Taken)).outcome, 'known')
  const nothing = await refit(['quarantine', 'release', '2', '--reason', 'again'], here)
  assert.equal(nothing.exitCode, 1)
  assert.match(nothing.stdout, /^Nothing of batch 2 was released: none of 1 rows is sound by revision 2 of the spec\./)
  const dropped = await refit(['quarantine', 'drop', '2', '--rule', 'mass', '--reason', 'a typing error'], here)
  assert.equal(dropped.stdout, 'Batch 2 of "orders": 1 row = 1 dropped; commit 3.\n')
  assert.match(
    (await refit(['ingest', '--verify'], here)).stdout,
    /3 rows in = 2 kept \+ 0 quarantined \+ 0 duplicates \+ 1 dropped\./,
  )
})

test('what is not there, and a decision without a reason', { timeout: 300_000 }, async (t) => {
  const here = await stopped(t)
  const shown = await refit(['quarantine', 'show', '7'], here)
  assert.equal(shown.stderr, 'error Cannot find batch 7: there is none. See `refit quarantine list`.\n')
  const rule = ['quarantine', 'drop', '1', '--rule', 'depot', '--reason', 'x']
  assert.match(
    await refitFails(rule, here, { exitCode: 2, code: 'NotFound' }),
    /^Cannot find rows of rule "depot" in batch 1: reasons there are /,
  )
  const { exitCode, stderr } = await refit(['quarantine', 'drop', '1'], here)
  assert.equal(exitCode, 2)
  assert.match(stderr, /required option '--reason <text>'/)
})
