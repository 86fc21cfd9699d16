/** The workers of a lane: one that lives across seeds, started again when a fault killed it, and one more while it sleeps. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readHappened } from './faulty-storage.js'
import type { Happened, Plan } from './points.js'
import { cutPower } from './power.js'
import { type Orders, WORKER_IS_READY } from './worker-orders.js'

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url))
const LOOK_EVERY_MS = 40
/** A worker that cannot start, as while the server is down, must not be started in a loop without rest. */
const RESTART_AFTER_MS = 250
/** A sleep longer than this is longer than the heartbeat allows: another worker is started meanwhile. */
const TAKEOVER_MS = 1000

/** What the workers of a lane work with. */
export interface LaneSettings {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly orders: Orders
}

/** The workers of one lane. */
export class LaneWorkers {
  readonly #log: WriteStream
  readonly #alive = new Set<ChildProcess>()
  /** Sleepers that were replaced: they end with their seed. */
  readonly #replaced = new Set<ChildProcess>()
  readonly #timer: NodeJS.Timeout
  #plan: Plan = { model: '', faults: [] }
  #handled = 0
  #isStopping = false
  readonly #killAll = () => {
    for (const child of this.#alive) child.kill('SIGKILL')
  }

  constructor(readonly settings: LaneSettings) {
    this.#log = createWriteStream(join(settings.folder, 'worker.log'), { flags: 'a' })
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
    process.once('exit', this.#killAll)
  }

  /** Starts the first worker; resolves when it serves, rejects when it ends before. */
  async start(): Promise<void> {
    const child = this.#launch()
    const isReady = new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes(WORKER_IS_READY)) resolve()
      })
    })
    const died = once(child, 'exit').then(() => {
      throw new Error(`The worker ended before it served: ${join(this.settings.folder, 'worker.log')}`)
    })
    await Promise.race([isReady, died])
  }

  /** Sets whose faults count from now on. */
  setPlan(plan: Plan): void {
    this.#plan = plan
  }

  /** What happened to the present model so far. */
  happened(): readonly Happened[] {
    return readHappened(this.settings.orders.happened).filter(({ model }) => model === this.#plan.model)
  }

  /** Whether every sleeper has woken and done its write. */
  get isAwake(): boolean {
    const happened = this.happened()
    const woken = new Set(happened.filter(({ event }) => event === 'woke').map(({ id }) => id))
    return happened.every(({ id, pid }) => !this.#isSleep(id) || woken.has(id) || !this.#isAlive(pid))
  }

  /** Ends sleepers that were replaced. */
  tidy(): void {
    for (const child of this.#replaced) child.kill('SIGKILL')
    this.#replaced.clear()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    clearInterval(this.#timer)
    process.removeListener('exit', this.#killAll)
    const ended = [...this.#alive].map((child) => once(child, 'exit'))
    this.#killAll()
    await Promise.all(ended)
    this.#log.end()
  }

  #launch(): ChildProcess {
    const { folder, env, orders } = this.settings
    const child = spawn(process.execPath, [WORKER, JSON.stringify(orders)], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    child.stdout?.pipe(this.#log, { end: false })
    child.stderr?.pipe(this.#log, { end: false })
    this.#alive.add(child)
    const startedMs = performance.now()
    child.once('exit', () => this.#ended(child, performance.now() - startedMs))
    return child
  }

  #ended(child: ChildProcess, livedMs: number): void {
    this.#alive.delete(child)
    if (this.#isStopping) return
    if (this.#wasPowerCut(child.pid)) {
      // All processes of a host share its power.
      this.#killAll()
      cutPower(this.settings.orders.journal)
    }
    if (this.#replaced.delete(child)) return
    setTimeout(
      () => {
        if (!this.#isStopping && this.#alive.size === this.#replaced.size) this.#launch()
      },
      livedMs > 2000 ? 0 : RESTART_AFTER_MS,
    )
  }

  #wasPowerCut(pid: number | undefined): boolean {
    const last = this.happened().findLast((one) => one.pid === pid && one.event === 'fired')
    return this.#plan.faults.some(({ id, kind }) => id === last?.id && kind === 'powerCut')
  }

  /** Wakes those that fell asleep, after their time. */
  #look(): void {
    const all = readHappened(this.settings.orders.happened)
    for (const { model, id, pid, event } of all.slice(this.#handled)) {
      const fault = this.#plan.faults.find((one) => model === this.#plan.model && one.id === id)
      if (fault?.kind !== 'sleep' || event !== 'fired') continue
      const sleeper = [...this.#alive].find((child) => child.pid === pid)
      if (sleeper === undefined) continue
      setTimeout(() => sleeper.kill('SIGCONT'), fault.ms)
      if (fault.ms <= TAKEOVER_MS || this.#isStopping) continue
      this.#replaced.add(sleeper)
      this.#launch()
    }
    this.#handled = all.length
  }

  #isSleep(id: number): boolean {
    return this.#plan.faults.some((fault) => fault.id === id && fault.kind === 'sleep')
  }

  #isAlive(pid: number): boolean {
    return [...this.#alive].some((child) => child.pid === pid)
  }
}
