/** One seed: its batches arrive, its runs are asked for, its faults happen; then the stores are examined. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../../src/errors.js'
import { apply } from '../../../src/stages/apply.js'
import { specOf } from './batches.js'
import type { FaultKind } from './cells.js'
import { TimeIsUp } from './deadline.js'
import { examine } from './examine.js'
import type { Lane } from './lane.js'
import { sideOf } from './points.js'
import { RunningSeed } from './running-seed.js'
import type { Schedule } from './schedule.js'

/** A fault that really happened. */
export interface FiredFault {
  readonly kind: FaultKind
  /** Where: a point of the process, or what was hit. */
  readonly stage: string
  /** On which side of a write. */
  readonly side: 'before' | 'after' | undefined
}

/** What a seed came to. */
export interface SeedResult {
  readonly schedule: Schedule
  readonly lost: number
  readonly doubled: number
  /** What had not ended within its time, or could not go on; `undefined` when all had. */
  readonly stuck: string | undefined
  readonly broken: readonly string[]
  readonly fired: readonly FiredFault[]
  /** Pushes by how they were acknowledged. */
  readonly pushes: Readonly<Record<'stored' | 'spooled', number>>
  readonly seconds: number
}

/** Whether all promises held. */
export const isFine = ({ lost, doubled, stuck, broken }: SeedResult): boolean =>
  lost + doubled + broken.length === 0 && stuck === undefined

/** Ten times what a seed takes with the slowest faults, and then for a machine that does much else. */
export const SEED_LIMIT_MS = 180_000

/** Runs a seed through a lane. Rejects only when the laboratory itself fails. */
export async function runSeed(lane: Lane, schedule: Schedule, limitMs = SEED_LIMIT_MS): Promise<SeedResult> {
  const startedMs = performance.now()
  const folder = join(lane.folder, 'specs', schedule.model)
  await mkdir(folder, { recursive: true })
  await apply(await lane.view(), { spec: specOf(schedule, 'narrow'), folder }, { id: schedule.model, actor: 'lab' })
  await lane.plan({ model: schedule.model, faults: [...schedule.pointFaults] })
  const seed = new RunningSeed(lane, { schedule, folder, limitMs })
  let stuck: string | undefined
  try {
    await seed.run()
  } catch (thrown) {
    stuck = thrown instanceof TimeIsUp ? thrown.message : `went wrong: ${messageOf(thrown)}`
  } finally {
    await seed.end()
  }
  const safe = new Set([...seed.acknowledged.keys(), ...seed.takenIn])
  const course = { schedule, runs: await seed.results(), safe, isStuck: stuck !== undefined }
  const findings = await examine(await lane.view(), course)
  const answers = [...seed.acknowledged.values()]
  const stored = answers.filter((answer) => answer === 'stored').length
  // What a receiver looks through at each look must not grow with the seeds before.
  await rm(join(lane.folder, 'spool', 'spool', schedule.model), { recursive: true, force: true })
  return {
    schedule,
    ...findings,
    stuck,
    fired: firedIn(lane, seed),
    pushes: { stored, spooled: answers.length - stored },
    seconds: (performance.now() - startedMs) / 1000,
  }
}

function firedIn(lane: Lane, { schedule, outside }: RunningSeed): readonly FiredFault[] {
  const ids = lane.fired()
  const { pointFaults, batches } = schedule
  const side = undefined
  return [
    ...pointFaults
      .filter(({ id }) => ids.has(id))
      .map((fault) => ({ kind: fault.kind, stage: fault.point, side: sideOf(fault) })),
    ...outside.map(({ kind }) => ({ kind, stage: kind === 'serverCrash' ? 'server' : 'steward', side })),
    ...batches.flatMap(({ kind }): FiredFault[] => {
      if (kind === 'rows') return []
      return [{ kind: kind === 'copy' ? 'copy' : 'poison', stage: kind, side }]
    }),
  ]
}
