/** The stores of a process of the laboratory: the real ones, with the faults of the plan at their exact points. */
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { RefitError } from '../../../src/errors.js'
import type { Storage } from '../../../src/storage/storage.js'
import { aroundWrites } from '../../support/wrap-storage.js'
import { Happened, Plan, type PointFault, pointOf, type Role, SPOOL_POINTS, sideOf, WORKER_KINDS } from './points.js'

/** Where the plan is, and what happened is noted. */
export interface PlanFiles {
  readonly plan: string
  readonly happened: string
  /** When the store and the spool are back, in milliseconds of the epoch: an outage is one for all processes. */
  readonly storeAway: string
  readonly spoolAway: string
}

/** The two stores of a process. */
export type Place = 'store' | 'spool'

/** A write, as it was asked for. */
interface Write<T = unknown> {
  readonly key: string
  readonly send: () => Promise<T>
}

/** What breaks in one process. The plan is read at each write, so that it can change under a process that lives on. */
export class FaultSource {
  #clockShiftMs = 0
  /** Writes seen at the point of a fault, by model and id. */
  readonly #seen = new Map<string, number>()

  constructor(
    readonly files: PlanFiles,
    readonly role: Role,
  ) {}

  /** The clock, which may jump. */
  readonly now = (): Date => new Date(Date.now() + this.#clockShiftMs)

  /** Puts the faults into one of the stores. */
  into(place: Place, real: Storage): Storage {
    const write = <T>(key: string, send: () => Promise<T>) => this.#around(place, { key, send })
    const look = <T>(key: string, read: () => T): T => {
      this.#requireThere(place, key)
      return read()
    }
    return {
      location: real.location,
      ...aroundWrites(real, write),
      read: async (key) => look(key, () => real.read(key)),
      async *list(prefix, after) {
        yield* look(prefix, () => real.list(prefix, after))
      },
      stat: async (key) => look(key, () => real.stat(key)),
      toLocalFile: async (key) => look(key, () => real.toLocalFile(key)),
    }
  }

  #requireThere(place: Place, key: string): void {
    const file = this.#awayFile(place)
    if (existsSync(file) && Date.now() < Number(readFileSync(file, 'utf8')))
      throw unavailable(key, `the ${place} is away`)
  }

  #awayFile(place: Place): string {
    return place === 'store' ? this.files.storeAway : this.files.spoolAway
  }

  async #around<T>(place: Place, write: Write<T>): Promise<T> {
    const { key, send } = write
    const plan = readPlan(this.files.plan)
    const point = plan === undefined ? undefined : pointOf(key, { model: plan.model, role: this.role })
    if (plan === undefined || point === undefined) {
      this.#requireThere(place, key)
      return send()
    }
    const due = plan.faults.filter((fault) => fault.point === point && this.#isDue(plan.model, fault))
    try {
      for (const fault of due) if (sideOf(fault) === 'before') await this.#begin(plan.model, fault, write)
      this.#requireThere(place, key)
      const answer = await send()
      for (const fault of due) if (sideOf(fault) === 'after') await this.#begin(plan.model, fault, write)
      return answer
    } finally {
      for (const fault of due) if (fault.kind === 'sleep') this.#note(plan.model, fault, 'woke')
    }
  }

  /** Each write at the point counts, and a fault comes once, also after the process was killed by it. */
  #isDue(model: string, fault: PointFault): boolean {
    if (!WORKER_KINDS.some((kind) => kind === fault.kind)) return false
    const name = `${model} ${fault.id}`
    const seen = (this.#seen.get(name) ?? 0) + 1
    this.#seen.set(name, seen)
    return (
      seen === fault.nth && !readHappened(this.files.happened).some((one) => one.model === model && one.id === fault.id)
    )
  }

  #note(model: string, { id }: PointFault, event: Happened['event']): void {
    const line: Happened = { model, id, event, role: this.role, pid: process.pid }
    appendFileSync(this.files.happened, `${JSON.stringify(line)}\n`)
  }

  async #begin(model: string, fault: PointFault, { key, send }: Write): Promise<void> {
    this.#note(model, fault, 'fired')
    switch (fault.kind) {
      case 'kill':
      case 'powerCut':
        process.kill(process.pid, 'SIGKILL')
        return new Promise(() => {})
      case 'sleep':
        process.kill(process.pid, 'SIGSTOP')
        return
      case 'writeSlow':
        await sleep(fault.ms)
        return
      case 'writeLate':
        // Nobody hears of it any more, whether it lands or fails.
        setTimeout(() => void send().catch(() => undefined), fault.ms)
        throw unavailable(key, 'timed out')
      case 'storeAway':
        this.#takeAway(SPOOL_POINTS.includes(fault.point) ? 'spool' : 'store', fault.ms)
        return
      case 'clockJump':
        this.#clockShiftMs += fault.ms
        return
      default:
        throw unavailable(key, fault.kind)
    }
  }

  #takeAway(place: Place, ms: number): void {
    const file = this.#awayFile(place)
    // Whole or not at all: others read it meanwhile.
    writeFileSync(`${file}-${process.pid}`, String(Date.now() + ms))
    renameSync(`${file}-${process.pid}`, file)
  }
}

function readPlan(file: string): Plan | undefined {
  return existsSync(file) ? Plan.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined
}

/** What was noted so far; a line that is being written is left out. */
export function readHappened(file: string): readonly Happened[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => Happened.parse(JSON.parse(line)))
}

function unavailable(key: string, reason: string): RefitError {
  return new RefitError('StoreUnavailable', `Cannot use "${key}": ${reason}, says the laboratory. Try again.`)
}
