/** The store of a worker of the laboratory: the real one, with the faults of the plan at their exact points. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { RefitError } from '../../../src/errors.js'
import type { Storage } from '../../../src/storage/storage.js'
import { Happened, Plan, type PointFault, pointOf, sideOf, WORKER_KINDS } from './points.js'

/** Where the plan is, and what happened is noted. */
export interface PlanFiles {
  readonly plan: string
  readonly happened: string
}

/** What breaks in a worker. */
export interface Faults {
  readonly storage: Storage
  /** The clock, which may jump. */
  readonly now: () => Date
}

/** Puts the faults into a store. The plan is read at each write, so that it can change under a worker that lives on. */
export function injectFaults(real: Storage, files: PlanFiles): Faults {
  const faults = new Injection(files)
  const write = <T>(key: string, send: () => Promise<T>) => faults.around(key, send)
  const storage: Storage = {
    location: real.location,
    create: (key, body) => write(key, () => real.create(key, body)),
    createFromFile: (key, path, sha256) => write(key, () => real.createFromFile(key, path, sha256)),
    replace: (key, body) => write(key, () => real.replace(key, body)),
    remove: (key) => write(key, () => real.remove(key)),
    async read(key) {
      faults.requireThere(key)
      return real.read(key)
    },
    async *list(prefix, after) {
      faults.requireThere(prefix)
      yield* real.list(prefix, after)
    },
    async toLocalFile(key) {
      faults.requireThere(key)
      return real.toLocalFile(key)
    },
  }
  return { storage, now: () => new Date(Date.now() + faults.clockShiftMs) }
}

class Injection {
  clockShiftMs = 0
  #awayUntilMs = 0
  /** Writes seen at the point of a fault, by model and id. */
  readonly #seen = new Map<string, number>()

  constructor(readonly files: PlanFiles) {}

  requireThere(key: string): void {
    if (Date.now() < this.#awayUntilMs) throw unavailable(key, 'the store is away')
  }

  async around<T>(key: string, send: () => Promise<T>): Promise<T> {
    const plan = this.#plan()
    const point = plan === undefined ? undefined : pointOf(key, plan.model)
    if (plan === undefined || point === undefined) {
      this.requireThere(key)
      return send()
    }
    const due = plan.faults.filter((fault) => fault.point === point && this.#isDue(plan.model, fault))
    try {
      for (const fault of due) if (sideOf(fault) === 'before') await this.#begin(plan.model, fault, { key, send })
      this.requireThere(key)
      const answer = await send()
      for (const fault of due) if (sideOf(fault) === 'after') await this.#begin(plan.model, fault, { key, send })
      return answer
    } finally {
      for (const fault of due) if (fault.kind === 'sleep') this.#note(plan.model, fault, 'woke')
    }
  }

  #plan(): Plan | undefined {
    return existsSync(this.files.plan) ? Plan.parse(JSON.parse(readFileSync(this.files.plan, 'utf8'))) : undefined
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
    const line: Happened = { model, id, event, pid: process.pid }
    appendFileSync(this.files.happened, `${JSON.stringify(line)}\n`)
  }

  async #begin(
    model: string,
    fault: PointFault,
    { key, send }: { readonly key: string; readonly send: () => Promise<unknown> },
  ): Promise<void> {
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
        this.#awayUntilMs = Date.now() + fault.ms
        return
      case 'clockJump':
        this.clockShiftMs += fault.ms
        return
      default:
        throw unavailable(key, fault.kind)
    }
  }
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
