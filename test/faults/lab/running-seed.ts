/** The course of one seed: what its producers, its persons and its runs do, and the faults that come from outside. */
import { setTimeout as sleep } from 'node:timers/promises'
import { WorkflowFailedError } from '@temporalio/client'
import { z } from 'zod'
import { messageOf } from '../../../src/errors.js'
import { listRuns } from '../../../src/ledger/run-ledger.js'
import { apply } from '../../../src/stages/apply.js'
import { AdmitRequest, type RunResult, runId, stewardId } from '../../../src/workflows/messages.js'
import { specOf, writeWave } from './batches.js'
import { Deadline } from './deadline.js'
import { type Backlog, backlogOf } from './examine-pushes.js'
import type { Lane } from './lane.js'
import { pushWave } from './pushes.js'
import type { OutsideFault, Schedule } from './schedule.js'

/** A release reads and judges rows. Asked again too soon, releases pile up on a machine that does much else. */
const RELEASE_PATIENCE_MS = 30_000
/** Longer than a call to a server tries again. */
const END_PATIENCE_MS = 20_000
const Released = z.strictObject({ released: z.number().int() })

/** What a seed runs by. */
export interface SeedSettings {
  readonly schedule: Schedule
  /** Folder of its spec, where files land. */
  readonly folder: string
  readonly limitMs: number
}

/** A seed that runs in a lane. */
export class RunningSeed {
  readonly schedule: Schedule
  /** Faults from outside that happened. */
  readonly outside: OutsideFault[] = []
  /** Pushes that were acknowledged, by key. */
  readonly acknowledged = new Map<string, 'stored' | 'spooled'>()
  /** Names of files that a run has taken in which ended. */
  readonly takenIn = new Set<string>()
  readonly #folder: string
  readonly #deadline: Deadline
  readonly #ending = new AbortController()
  #wishes = 0

  constructor(
    readonly lane: Lane,
    { schedule, folder, limitMs }: SeedSettings,
  ) {
    this.schedule = schedule
    this.#folder = folder
    this.#deadline = new Deadline(limitMs)
  }

  /** Runs it. Rejects with `TimeIsUp` when something does not end. */
  async run(): Promise<void> {
    const { outsideFaults, batches, releases } = this.schedule
    const outside = this.#deadline.within(
      'the faults from outside',
      Promise.all(outsideFaults.map((one) => this.#happen(one))),
    )
    outside.catch(() => undefined)
    await this.#arrive(1)
    await this.#episode()
    if (this.schedule.arrival === 'files') {
      for (const { name, wave } of batches) if (wave === 1) this.takenIn.add(name)
    }
    await outside
    await this.#untilIdle()
    if (releases) await this.#widenLimit()
    const isReleased = releases ? this.#release() : undefined
    isReleased?.catch(() => undefined)
    if (batches.some(({ wave }) => wave === 2)) {
      await this.#arrive(2)
      await this.#episode()
    }
    await isReleased
    await this.#deadline.until('the sleepers to wake', async () => this.lane.processes.isAwake)
    await this.#ingestTheRest()
    // What was judged by the narrow limit until now is released, too.
    if (releases) await this.#release()
    await this.#untilIdle()
  }

  /** Ends what still goes on, and waits for it. */
  async end(): Promise<void> {
    this.#ending.abort()
    await this.#deadline.rest(END_PATIENCE_MS)
  }

  /** How each run ended that the ledger numbers. */
  async results(): Promise<readonly RunResult[]> {
    const { storage } = await this.lane.view()
    const runs = await listRuns(storage, this.schedule.model)
    return Promise.all(runs.map(({ run }) => this.#result(run)))
  }

  async #arrive(wave: 1 | 2): Promise<void> {
    const { schedule, acknowledged } = this
    if (schedule.arrival === 'files') return writeWave(this.#folder, schedule, wave)
    const { signal } = this.#ending
    const receiver = () => this.lane.processes.receiver
    await this.#deadline.within(
      'the pushes to be acknowledged',
      pushWave({ schedule, receiver, acknowledged, signal }, wave),
    )
  }

  async #episode(): Promise<void> {
    this.#wishes++
    const { client } = this.lane.temporal
    const request = AdmitRequest.parse({ id: `wish-${this.#wishes}`, actor: 'lab', trigger: 'data' })
    const ruling = await this.#deadline.until('the ruling', () => client.admit(this.schedule.model, request))
    // A wish that a follow-up run took in is as good.
    if (ruling.kind === 'refused') throw new Error(`Refused: ${ruling.reason}`)
    await this.#untilIdle()
  }

  /** The spool drains by itself; what came into the inbox too late for a run is for the next one. */
  async #ingestTheRest(): Promise<void> {
    if (this.schedule.arrival === 'files') return
    for (;;) {
      let backlog: Backlog
      await this.#deadline.until('the spool to drain', async () => {
        backlog = await backlogOf(await this.lane.view(), this.schedule.model)
        return backlog !== 'spool'
      })
      if (backlog === undefined) return
      await this.#episode()
    }
  }

  async #widenLimit(): Promise<void> {
    const { model } = this.schedule
    const wide = { spec: specOf(this.schedule, 'wide'), folder: this.#folder }
    await apply(await this.lane.view(), wide, { id: `${model}-wide`, actor: 'lab' })
  }

  /** Asks for the same release twice at a time, and again until both were answered. */
  async #release(): Promise<void> {
    const ask = () =>
      this.#deadline.until('the release', async () => {
        const address = this.lane.processes.receiver
        if (address === undefined) return undefined
        const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(RELEASE_PATIENCE_MS)])
        const response = await fetch(`${address}/release/${this.schedule.model}`, { method: 'POST', signal })
        const body: unknown = await response.json()
        if (!response.ok) throw new Error(JSON.stringify(body))
        return Released.parse(body)
      })
    await Promise.all([ask(), ask()])
  }

  async #untilIdle(): Promise<void> {
    await this.#deadline.until('the steward to be free', async () => {
      const status = await this.lane.temporal.client.stewardStatus(this.schedule.model)
      return status !== undefined && status.running === null && status.pending === null
    })
  }

  async #result(run: number): Promise<RunResult> {
    const { model } = this.schedule
    const none = { model, run, version: null, report: null }
    try {
      return await this.#deadline.until(`the end of run ${run}`, async () => {
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
    switch (fault.kind) {
      case 'serverCrash':
        await temporal.crash()
        await temporal.revive()
        break
      case 'signalsAgain':
        for (const id of ['early', 'early', 'wish-1', 'wish-1', 'early']) await this.#wish(id)
        await this.#tellEndsAgain()
        break
      case 'signalsReordered':
        for (const id of ['late', 'early', 'wish-1']) await this.#wish(id)
        break
    }
    this.outside.push(fault)
  }

  async #wish(id: string): Promise<void> {
    await this.#signal('trigger', { id, reason: `signal ${id}` })
  }

  /** Each run that ended is said to have ended twice more. */
  async #tellEndsAgain(): Promise<void> {
    const { model } = this.schedule
    const { client } = this.lane.temporal
    for (const { run } of await listRuns((await this.lane.view()).storage, model)) {
      const workflowId = runId(model, run)
      const isOpen = await this.#deadline.until('the state of a run', async () => ({
        is: await client.isOpen(workflowId),
      }))
      if (isOpen.is) continue
      const { outcome } = await this.#result(run)
      for (let time = 0; time < 2; time++) await this.#signal('runEnded', { workflowId, outcome })
    }
  }

  async #signal(name: string, payload: unknown): Promise<void> {
    const steward = this.lane.temporal.temporal.workflow.getHandle(stewardId(this.schedule.model))
    await this.#deadline.until('the signal to be taken', async () => {
      await steward.signal(name, payload)
      return true
    })
  }
}
