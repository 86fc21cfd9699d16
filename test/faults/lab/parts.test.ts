/** The parts of the laboratory that can be wrong by themselves: its schedules, its names of points, its forgetful disk. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { linkUnlessTaken, sync, writeDurably } from '../../../src/storage/durable.js'
import { expectedIds } from './batches.js'
import { pointOf, TRAINING_POINTS } from './points.js'
import { cutPower, noteWrites } from './power.js'
import { kindsOn, type StorageKind, scheduleOf } from './schedule.js'

const storage = fc.constantFrom<StorageKind>('local', 's3')
const seed = fc.nat(1_000_000)

test('a seed gives one schedule, with one to four faults and only points that its run passes', () => {
  fc.assert(
    fc.property(seed, storage, (number, kind) => {
      const schedule = scheduleOf(number, kind)
      assert.deepEqual(scheduleOf(number, kind), schedule)
      const extra = schedule.batches.filter((batch) => batch.kind !== 'rows').length
      const faults = schedule.pointFaults.length + schedule.outsideFaults.length + extra
      assert.ok(faults >= 1 && faults <= 4, `${faults} faults`)
      if (!schedule.trains) assert.ok(schedule.pointFaults.every(({ point }) => !TRAINING_POINTS.includes(point)))
      const names = schedule.batches.map(({ name }) => name)
      assert.equal(new Set(names).size, names.length)
    }),
  )
})

test('every row of a schedule is expected in one place, and copies bring no other', () => {
  fc.assert(
    fc.property(seed, storage, (number, kind) => {
      const schedule = scheduleOf(number, kind)
      const { good, broken } = expectedIds(schedule)
      const originals = schedule.batches.filter((batch) => batch.kind === 'rows')
      assert.equal(
        good.size + broken.size,
        originals.reduce((sum, { rows }) => sum + rows, 0),
      )
      assert.ok([...broken].every((id) => !good.has(id)))
    }),
  )
})

test('a thousand seeds draw every kind of fault that the store knows', () => {
  for (const kind of ['local', 's3'] as const) {
    const drawn = new Set<string>()
    for (let number = 0; number < 1000; number++) {
      const { pointFaults, outsideFaults, batches } = scheduleOf(number, kind)
      for (const fault of [...pointFaults, ...outsideFaults]) drawn.add(fault.kind)
      for (const batch of batches) if (batch.kind !== 'rows') drawn.add(batch.kind === 'copy' ? 'copy' : 'poison')
    }
    assert.deepEqual([...drawn].sort(), [...kindsOn(kind)].sort())
  }
})

test('a point is known by the key that is written, of the one model', () => {
  const check = (key: string, expected: string | undefined) => assert.equal(pointOf(key, 'lab-1'), expected)
  check('datasets/lab-1/partitions/ab.parquet', 'object')
  check('datasets/lab-1/log/000000000001.json', 'commit')
  check('datasets/lab-1/log/index/head.json', undefined)
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
  await mkdir(at())
  noteWrites(at(), join(folder, 'journal'), { ignoresSync: false })
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
  cutPower(join(folder, 'journal'))
  assert.equal(await readFile(at('lasting'), 'utf8'), 'lasting')
  for (const name of ['name not synced', 'bytes not synced', 'folder not synced'])
    assert.ok(!existsSync(at(name)), name)
  assert.equal(await readFile(at('hint'), 'utf8'), '')
})
