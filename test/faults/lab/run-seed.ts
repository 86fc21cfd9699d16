/** One seed: its batches arrive, its runs are asked for, its faults happen; then the store is examined. */

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { WorkflowFailedError } from '@temporalio/client'
import { messageOf } from '../../../src/errors.js'
import { listRuns } from '../../../src/ledger/run-ledger.js'
import { apply } from '../../../src/stages/apply.js'
import { AdmitRequest, type RunResult, runId, stewardId } from '../../../src/workflows/messages.js'
import { specOf, writeWave } from './batches.js'
import { examine } from './examine.js'
import type { Lane } from './lane.js'
import { sideOf } from './points.js'
import type { FaultKind, OutsideFault, Schedule } from './schedule.js'

/** A fault that really happened. */
export interface FiredFault {
  readonly kind: FaultKind
  /** Where: a point of the process and which side of it, or what was hit. */
  readonly stage: string
}

/** What a seed came to. */
export interface SeedResult {
  readonly schedule: Schedule
  readonly lost: number
  readonly doubled: number
  /** What had not ended within its time; `undefined` when all had. */
  readonly stuck: string | undefined
  readonly broken: readonly string[]
  readonly fired: readonly FiredFault[]
  readonly seconds: number
}

/** Whether all promises held. */
export const isFine = ({ lost, doubled, stuck, broken }: SeedResult): boolean =>
  lost + doubled + broken.length === 0 && stuck === undefined

/** Ten times what a seed takes with the slowest faults, and then for a machine that does much else. */
const WITHIN_MS = 180_000
const LOOK_EVERY_MS = 50

/** Runs a seed through a lane. Rejects only when the laboratory itself fails. */
export async function runSeed(lane: Lane, schedule: Schedule): Promise<SeedResult> {
  const startedMs = performance.now()
  const folder = join(lane.folder, 'specs', schedule.model)
  await writeWave(folder, schedule, 1)
  await apply(await lane.view(), { spec: specOf(schedule), folder }, { id: schedule.model, actor: 'lab' })
  await lane.plan({ model: schedule.model, faults: [...schedule.pointFaults] })
  const seed = new RunningSeed(lane, schedule, startedMs + WITHIN_MS)
  let stuck: string | undefined
  try {
    await seed.run(folder)
  } catch (thrown) {
    if (!(thrown instanceof TimeIsUp)) throw thrown
    stuck = thrown.message
  }
  const findings = await examine(await lane.view(), schedule, await seed.results())
  const seconds = (performance.now() - startedMs) / 1000
  // Of a seed that is stuck, rows are missing for this reason; it counts as stuck alone.
  const counted = stuck === undefined ? findings : { ...findings, lost: 0 }
  return { schedule, ...counted, stuck, fired: seed.fired(), seconds }
}

class TimeIsUp extends Error {}

class RunningSeed {
  readonly #outside: OutsideFault[] = []

  constructor(
    readonly lane: Lane,
    readonly schedule: Schedule,
    readonly deadlineMs: number,
  ) {}

  async run(folder: string): Promise<void> {
    const { outsideFaults, batches } = this.schedule
    const outside = Promise.all(outsideFaults.map((fault) => this.#happen(fault)))
    await this.#episode(1)
    await outside
    if (batches.some(({ wave }) => wave === 2)) {
      await writeWave(folder, this.schedule, 2)
      await this.#episode(2)
    }
    await this.#until('the sleepers to wake', async () => this.lane.workers.isAwake)
    await this.#untilIdle()
  }

  /** How each run ended that the ledger numbers. */
  async results(): Promise<readonly RunResult[]> {
    const { storage } = await this.lane.view()
    const runs = await listRuns(storage, this.schedule.model)
    return Promise.all(runs.map(({ run }) => this.#result(run)))
  }

  fired(): readonly FiredFault[] {
    const fired = this.lane.fired()
    const { pointFaults, batches } = this.schedule
    return [
      ...pointFaults
        .filter(({ id }) => fired.has(id))
        .map((fault) => ({ kind: fault.kind, stage: `${sideOf(fault)} ${fault.point}` })),
      ...this.#outside.map(({ kind }) => ({ kind, stage: kind === 'serverCrash' ? 'server' : 'steward' })),
      ...batches.flatMap(({ kind }): FiredFault[] => {
        if (kind === 'rows') return []
        return [{ kind: kind === 'copy' ? 'copy' : 'poison', stage: kind }]
      }),
    ]
  }

  async #episode(number: number): Promise<void> {
    const { client } = this.lane.temporal
    const request = AdmitRequest.parse({ id: `wish-${number}`, actor: 'lab', trigger: 'data' })
    const ruling = await this.#until('the ruling', () => client.admit(this.schedule.model, request))
    // A wish that a follow-up run took in is as good.
    if (ruling.kind === 'refused') throw new Error(`Refused: ${ruling.reason}`)
    await this.#untilIdle()
  }

  async #untilIdle(): Promise<void> {
    await this.#until('the steward to be free', async () => {
      const status = await this.lane.temporal.client.stewardStatus(this.schedule.model)
      return status !== undefined && status.running === null && status.pending === null
    })
  }

  async #result(run: number): Promise<RunResult> {
    const { model } = this.schedule
    const none = { model, run, version: null, report: null }
    try {
      return await this.#until(`the end of run ${run}`, async () => {
        try {
          return await this.lane.temporal.client.result(runId(model, run))
        } catch (thrown) {
          if (!(thrown instanceof WorkflowFailedError)) throw thrown
          return { ...none, outcome: 'failed', reason: messageOf(thrown.cause) } as const
        }
      })
    } catch (thrown) {
      return { ...none, outcome: 'failed', reason: messageOf(thrown) }
    }
  }

  async #happen(fault: OutsideFault): Promise<void> {
    const { temporal } = this.lane
    await sleep(fault.afterMs)
    if (fault.kind === 'serverCrash') {
      await temporal.crash()
      await temporal.revive()
    } else {
      const steward = temporal.temporal.workflow.getHandle(stewardId(this.schedule.model))
      for (const id of ['late', 'early', 'wish-1', 'late', 'early', 'wish-1']) {
        await this.#until('the signal to be taken', async () => {
          await steward.signal('trigger', { id, reason: `signal ${id}` })
          return true
        })
      }
    }
    this.#outside.push(fault)
  }

  /** Asks again and again, as what is asked may be down at the moment. */
  async #until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    let last = ''
    while (performance.now() < this.deadlineMs) {
      try {
        const found = await Promise.race([look(), this.#timeIsUp(what)])
        if (found !== undefined && found !== false) return found
      } catch (thrown) {
        if (thrown instanceof TimeIsUp) throw thrown
        last = messageOf(thrown)
      }
      await sleep(LOOK_EVERY_MS)
    }
    throw new TimeIsUp(`waited in vain for ${what}${last === '' ? '' : `; last heard: ${last}`}`)
  }

  async #timeIsUp(what: string): Promise<never> {
    await sleep(Math.max(1, this.deadlineMs - performance.now()), undefined, { ref: false })
    throw new TimeIsUp(`waited in vain for ${what}`)
  }
}
