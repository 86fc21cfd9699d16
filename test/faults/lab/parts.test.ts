/** The parts of the laboratory that can be wrong by themselves: its schedules, its names of points, its sums, its forgetful disk. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { linkUnlessTaken, sync, writeDurably } from '../../../src/storage/durable.js'
import { contentOf, expectedRows, idsInContent, specOf } from './batches.js'
import { cellOf, cellsOn, cycleOf, type StorageKind } from './cells.js'
import { coverageOf } from './coverage.js'
import { POINTS, PUSH_POINTS, pointOf, type Role, TRAINING_POINTS } from './points.js'
import { cutPower, noteWrites } from './power.js'
import type { FiredFault, SeedResult } from './run-seed.js'
import { type Schedule, scheduleOf } from './schedule.js'

const storage = fc.constantFrom<StorageKind>('local', 's3')
const seed = fc.nat(1_000_000)

test('a seed gives one schedule, with its own fault among few, and only points that its run passes', () => {
  fc.assert(
    fc.property(seed, storage, (number, kind) => {
      const schedule = scheduleOf(number, kind)
      assert.deepEqual(scheduleOf(number, kind), schedule)
      const faults = faultsOf(schedule)
      assert.ok(faults.length >= 1 && faults.length <= 4, `${faults.length} faults`)
      const cell = cellOf(number, kind)
      assert.ok(faults.some((one) => one.kind === cell.kind && one.point === cell.point))
      const points = schedule.pointFaults.map(({ point }) => point)
      if (!schedule.trains) assert.ok(!points.some((point) => TRAINING_POINTS.includes(point)))
      if (schedule.arrival === 'files') assert.ok(!points.some((point) => PUSH_POINTS.includes(point)))
      if (!schedule.releases) assert.ok(!points.includes('release'))
      const names = schedule.batches.map(({ name }) => name)
      assert.equal(new Set(names).size, names.length)
      for (const limit of ['narrow', 'wide'] as const) assert.equal(specOf(schedule, limit).model, schedule.model)
    }),
    { numRuns: 50 },
  )
})

function faultsOf({ pointFaults, outsideFaults, batches }: Schedule) {
  const ofBatches = batches.flatMap(({ kind }) => {
    if (kind === 'rows') return []
    return [{ kind: kind === 'copy' ? 'copy' : 'poison', point: undefined }]
  })
  return [...pointFaults, ...outsideFaults.map(({ kind }) => ({ kind, point: undefined })), ...ofBatches]
}

test('every row of a schedule is expected in one place, or is a duplicate', () => {
  fc.assert(
    fc.property(seed, storage, (number, kind) => {
      const schedule = scheduleOf(number, kind)
      const { kept, quarantined, duplicates, rowsIn } = expectedRows(schedule, schedule.batches)
      const waiting = [...quarantined.values()].reduce((sum, times) => sum + times, 0)
      assert.equal(kept.size + waiting + duplicates, rowsIn)
      assert.ok([...quarantined.keys()].every((id) => !kept.has(id)))
      if (schedule.releases) assert.ok(schedule.batches.some(({ brokenEvery, wave }) => brokenEvery > 0 && wave === 1))
    }),
  )
})

test('the ids in the bytes of a batch are those of its rows', () => {
  fc.assert(
    fc.property(seed, storage, (number, kind) => {
      const schedule = scheduleOf(number, kind)
      for (const batch of schedule.batches) {
        const ids = idsInContent(Buffer.from(contentOf(batch, schedule)).toString())
        assert.deepEqual(
          ids,
          Array.from({ length: batch.rows }, (_, i) => batch.firstId + i),
        )
      }
    }),
    { numRuns: 20 },
  )
})

test('a cycle of seeds plans every kind of fault at every point that the store knows, also every other seed', () => {
  for (const kind of ['local', 's3'] as const) {
    const { length } = cycleOf(kind)
    const nameOf = ({ kind, point = 'outside' }: { readonly kind: string; readonly point?: string | undefined }) =>
      `${kind} at ${point}`
    for (const step of [1, 2]) {
      const seeds = Array.from({ length }, (_, i) => i * step)
      const planned = new Set(seeds.map((number) => nameOf(cellOf(number, kind))))
      assert.deepEqual([...planned].sort(), cellsOn(kind).map(nameOf).sort())
      const points = new Set(seeds.flatMap((number) => scheduleOf(number, kind).pointFaults.map(({ point }) => point)))
      assert.deepEqual([...points].sort(), [...POINTS].sort())
    }
  }
})

test('what never happened is named: kinds, points, and pairs of both', () => {
  const result = (fired: readonly FiredFault[]): SeedResult => {
    const nothing = { lost: 0, doubled: 0, stuck: undefined, broken: [], pushes: { stored: 0, spooled: 0 }, seconds: 1 }
    return { schedule: scheduleOf(0, 'local'), ...nothing, fired }
  }
  const all = cellsOn('local').map(({ kind, point = 'server' }) => result([{ kind, stage: point, side: 'before' }]))
  const whole = coverageOf(all, ['local'])
  assert.deepEqual([whole.idleKinds, whole.idlePoints, whole.idleCells], [[], [], []])
  const isLeft = ({ kind, stage }: FiredFault) =>
    kind !== 'clockJump' && stage !== 'alias' && !(kind === 'kill' && stage === 'commit')
  const partly = coverageOf(
    all.filter(({ fired }) => fired.every(isLeft)),
    ['local'],
  )
  assert.deepEqual([partly.idleKinds, partly.idlePoints], [['clockJump'], ['alias']])
  // A pair for each point and for each kind, two of which are the same one, and the one that was left out by itself.
  assert.equal(partly.idleCells.length, POINTS.length + 9 - 1 + 1)
  assert.ok(partly.idleCells.includes('kill at commit'))
  assert.equal(whole.times.get('kill: before commit'), 1)
})

test('a point is known by the key that is written, of the one model, and by who writes', () => {
  const check = (key: string, expected: string | undefined, role: Role = 'worker') =>
    assert.equal(pointOf(key, { model: 'lab-1', role }), expected)
  check('datasets/lab-1/partitions/ab.parquet', 'object')
  check('datasets/lab-1/log/000000000001.json', 'commit')
  check('datasets/lab-1/log/000000000001.json', 'release', 'receiver')
  check('datasets/lab-1/log/index/head.json', undefined)
  check('datasets/lab-1/inbox/objects/ab.csv', 'inbox object')
  check('datasets/lab-1/inbox/log/000000000001.json', 'inbox entry', 'receiver')
  check('spool/lab-1/objects/ab/cd.csv', 'spool object')
  check('spool/lab-1/log/000000000001.json', 'spool entry')
  check('spool/lab-1/drained/000000000001.json', 'drain mark')
  check('spool/lab-1/drained/index/head.json', undefined)
  check('runs/lab-1/log/000000000001.json', 'run')
  check('runs/lab-1/2/stages/ingest.json', 'stage output')
  check('runs/lab-1/2/checkpoints/000000000003.json', 'checkpoint')
  check('models/lab-1/aliases/champion/000000000002.json', 'alias')
  check('models/lab-1/versions/000000000001.json', 'version')
  check('datasets/lab-10/log/000000000001.json', undefined)
})

test('a power cut takes what was not fsynced, and nothing else', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'refit-power-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const at = (...names: string[]) => join(folder, 'store', ...names)
  const spool = join(folder, 'spool')
  await mkdir(at())
  await mkdir(spool)
  noteWrites([at(), spool], join(folder, 'journal'), { ignoresSync: false })
  const publish = async (name: string) => {
    await writeDurably(at(`${name}.tmp`), Buffer.from(name))
    await linkUnlessTaken(at(`${name}.tmp`), at(name))
  }
  await publish('lasting')
  await sync(at())
  await publish('name not synced')
  await writeFile(at('bytes not synced.tmp'), 'bytes')
  await linkUnlessTaken(at('bytes not synced.tmp'), at('bytes not synced'))
  await mkdir(at('folder not synced'))
  await writeFile(at('hint.tmp'), 'hint')
  await rename(at('hint.tmp'), at('hint'))
  await writeDurably(join(spool, 'push.tmp'), Buffer.from('rows'))
  await linkUnlessTaken(join(spool, 'push.tmp'), join(spool, 'push'))
  await writeFile(join(folder, 'elsewhere'), 'not noted')
  cutPower(join(folder, 'journal'))
  assert.equal(await readFile(at('lasting'), 'utf8'), 'lasting')
  for (const name of ['name not synced', 'bytes not synced', 'folder not synced'])
    assert.ok(!existsSync(at(name)), name)
  assert.equal(await readFile(at('hint'), 'utf8'), '')
  assert.ok(!existsSync(join(spool, 'push')))
  assert.ok(existsSync(join(folder, 'elsewhere')))
})
