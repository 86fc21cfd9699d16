/** `refit labels` as a person uses it, on a store of its own. Needs no Temporal server. */
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { bringInAll } from '../../src/cli/bring-in.js'
import { readConfig } from '../../src/config.js'
import { apply } from '../../src/stages/apply.js'
import { openPorts } from '../../src/wiring.js'
import { answerOrders, withFeed } from '../support/late-labels.js'
import { lateOrdersSpec, writeOrders } from '../support/late-orders.js'
import { ownStore, refit, refitFails, refitJson, type Surroundings } from '../support/refit.js'
import { temporaryFolder } from '../support/temporary-folder.js'

async function open(t: TestContext, change: (text: string) => string): Promise<Surroundings> {
  const folder = await temporaryFolder(t)
  const { env } = ownStore(folder)
  await mkdir(join(folder, 'landing'))
  await mkdir(join(folder, 'labels'))
  await writeOrders(join(folder, 'landing'), { month: '2026-01', rows: 500 })
  const ports = await openPorts(readConfig(env))
  const spec = lateOrdersSpec(change)
  await apply(ports, { spec, folder }, { id: 'a', actor: 'test' })
  await bringInAll(ports, { spec, folder, revision: 1 }, { actor: 'test' })
  return { folder, env }
}

const Requested = z.object({ random: z.number(), uncertain: z.number(), population: z.number(), to: z.string() })
const Part = z.object({ asked: z.number(), answered: z.number(), positive: z.number() })
const Status = z.object({
  feeds: z.array(z.object({ feed: z.string(), kept: z.number(), account: z.record(z.string(), z.number()) })),
  requests: z.array(
    z.object({ answered: z.object({ random: Part, uncertain: Part }), missing: z.number(), isOpen: z.boolean() }),
  ),
})

test('rows are requested, answered and counted, and no row is asked about twice', { timeout: 300_000 }, async (t) => {
  const here = await open(t, withFeed(''))
  const first = await refitJson(['labels', 'request', '--rows', '40', '--to', 'first.csv'], here, Requested)
  assert.deepEqual([first.random, first.uncertain, first.population], [20, 20, 495])
  const [heading, ...rows] = (await readFile(join(here.folder, 'first.csv'), 'utf8')).trimEnd().split('\n')
  assert.equal(heading, '_request,_why,_probability,_score,ordered,mass,depot,late,hour')
  assert.equal(rows.length, 40)
  const cells = rows.map((row) => row.split(','))
  const scores = (why: string) => cells.flatMap(([, found, , score]) => (found === why ? [Number(score)] : []))
  // The rule gives mass / 40, so that the least certain are those of about half the greatest mass.
  assert.ok(scores('uncertain').every((score) => Math.abs(score - 0.5) < 0.06))
  assert.ok(scores('random').some((score) => Math.abs(score - 0.5) > 0.06))
  assert.ok(
    cells.every(([, why, probability]) => (why === 'random' ? Number(probability) === 20 / 495 : probability === '')),
  )

  const second = await refitJson(
    ['labels', 'request', '--rows', '30', '--random-share', '1', '--to', 'second.jsonl'],
    here,
    Requested,
  )
  assert.deepEqual([second.random, second.uncertain, second.population], [30, 0, 455])
  const names = new Set(cells.map(([name]) => name))
  const Row = z.object({ _request: z.string() })
  const lines = (await readFile(join(here.folder, 'second.jsonl'), 'utf8')).trimEnd().split('\n')
  const others = lines.map((line) => Row.parse(JSON.parse(line))._request)
  assert.equal(others.filter((name) => names.has(name)).length, 0)

  const asked = new Set(
    cells.map(([, , , , ordered = '', mass, depot]) => `${ordered.slice(0, 19)},${Number(mass)},${depot}`),
  )
  const landing = join(here.folder, 'landing', '2026-01.csv')
  await answerOrders(landing, join(here.folder, 'labels', '1.csv'), { isAsked: (key) => asked.has(key) })
  await writeFile(
    join(here.folder, 'labels', '2.csv'),
    'ordered,mass,depot,known,late\n2026-01-01 00:00:00,99,x,2026-01-09,perhaps\n',
  )
  const ingested = await refit(['ingest'], here)
  assert.equal(ingested.exitCode, 1, 'a stopped batch is bad news')
  assert.match(ingested.stdout, /^orders\/labels\/inspections:$/m)
  const status = await refitJson(['labels', 'status'], here, Status)
  const [one, two] = status.requests
  assert.deepEqual([one?.missing, one?.isOpen, one?.answered.random.answered], [0, false, 20])
  assert.deepEqual([two?.missing, two?.isOpen], [30, true])
  assert.equal(status.feeds[0]?.kept, 40)
  assert.equal(status.feeds[0]?.account.joined, 40)
  assert.match((await refit(['labels', 'status'], here)).stdout, /^inspections +verified +1 +40 +40 +0 +0 +0 +1$/m)

  const quarantine = await refit(['quarantine', 'list'], here)
  assert.match(quarantine.stdout, /^orders\/labels\/inspections:\nbatch/m)
  const dropped = await refit(
    ['quarantine', 'drop', '2', '--model', 'orders/labels/inspections', '--reason', 'a joke'],
    here,
  )
  assert.match(dropped.stdout, /^Batch 2 of "orders\/labels\/inspections": 1 row = 1 dropped/)
  const proof = await refit(['ingest', '--verify'], here)
  assert.match(
    proof.stdout,
    /^"orders\/labels\/inspections": 2 batches .* 41 rows in = 40 kept .* 1 dropped\. Every row is accounted for\.$/m,
  )
  assert.equal(proof.exitCode, 0, proof.stdout)
})

test('what cannot be asked is refused with the way out', { timeout: 120_000 }, async (t) => {
  const here = await open(t, (text) => text)
  const bad = { exitCode: 2, code: 'InvalidInput' } as const
  assert.match(
    await refitFails(['labels', 'request', '--rows', '10'], here, bad),
    /^Cannot request labels of "orders": its spec has no verified feed by which answers could come\. Add one to data\.labels/,
  )
})
