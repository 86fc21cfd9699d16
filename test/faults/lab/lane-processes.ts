/**
 * The processes of a lane: a worker and a receiver that live across seeds, started again when a fault killed them, and one more
 * of the kind while one sleeps.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readHappened } from './faulty-storage.js'
import { type Orders, readReady } from './orders.js'
import { type Happened, type Plan, ROLES, type Role } from './points.js'
import { cutPower } from './power.js'

const LOOK_EVERY_MS = 40
/** A process that cannot start, as a worker while the server is down, must not be started in a loop without rest. */
const RESTART_AFTER_MS = 250
/** A life shorter than this was a failure to start. */
const SHORT_LIFE_MS = 2000
/** A sleep longer than this is longer than the heartbeat allows: another process is started meanwhile. */
const TAKEOVER_MS = 1000

/** What the processes of a lane work with. */
export interface LaneSettings {
  readonly folder: string
  readonly env: Readonly<Record<Role, NodeJS.ProcessEnv>>
  readonly orders: Orders
}

interface LaneProcess {
  readonly role: Role
  readonly child: ChildProcess
  /** Resolves with what it said when it served; rejects when it ended before. */
  readonly ready: Promise<string>
  /** A sleeper that was replaced: it ends with its seed. */
  isReplaced: boolean
}

/** The processes of one lane. */
export class LaneProcesses {
  readonly #log: WriteStream
  readonly #alive = new Set<LaneProcess>()
  readonly #timer: NodeJS.Timeout
  #plan: Plan = { model: '', faults: [] }
  #handled = 0
  #receiver: string | undefined
  #isStopping = false
  #isCuttingPower = false
  readonly #killAll = () => {
    for (const { child } of this.#alive) child.kill('SIGKILL')
  }

  constructor(readonly settings: LaneSettings) {
    this.#log = createWriteStream(join(settings.folder, 'processes.log'), { flags: 'a' })
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
    process.once('exit', this.#killAll)
  }

  /** Starts the first ones; resolves when they serve, rejects when one ends before. */
  async start(): Promise<void> {
    await Promise.all(ROLES.map((role) => this.#launch(role).ready))
  }

  /** Where pushes are taken now; `undefined` while nobody takes them. */
  get receiver(): string | undefined {
    return this.#receiver
  }

  /** Ends sleepers that were replaced, and sets whose faults count from now on. */
  beginSeed(plan: Plan): void {
    for (const { child, isReplaced } of this.#alive) if (isReplaced) child.kill('SIGKILL')
    // What is read at each write must not grow with the seeds before. What they left counts as lasting: they were examined.
    const { happened, journal } = this.settings.orders
    for (const file of [happened, journal]) writeFileSync(file, '')
    this.#handled = 0
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
    const isAlive = (pid: number) => [...this.#alive].some(({ child }) => child.pid === pid)
    return happened.every(({ id, pid }) => !this.#isSleep(id) || woken.has(id) || !isAlive(pid))
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    clearInterval(this.#timer)
    process.removeListener('exit', this.#killAll)
    await this.#endAll()
    this.#log.end()
  }

  async #endAll(): Promise<void> {
    const ended = [...this.#alive].map(({ child }) => once(child, 'exit'))
    this.#killAll()
    await Promise.all(ended)
  }

  #launch(role: Role): LaneProcess {
    const { folder, env, orders } = this.settings
    const script = fileURLToPath(new URL(`./${role}.js`, import.meta.url))
    const child = spawn(process.execPath, [script, JSON.stringify(orders)], {
      cwd: folder,
      env: env[role],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    child.stdout?.pipe(this.#log, { end: false })
    child.stderr?.pipe(this.#log, { end: false })
    const launched: LaneProcess = { role, child, ready: this.#whenReady(child), isReplaced: false }
    this.#alive.add(launched)
    const startedMs = performance.now()
    child.once('exit', () => void this.#ended(launched, performance.now() - startedMs))
    launched.ready.then(
      (address) => {
        if (role === 'receiver') this.#receiver = address
      },
      () => undefined,
    )
    return launched
  }

  #whenReady(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        const address = readReady(chunk.toString())
        if (address !== undefined) resolve(address)
      })
      const log = join(this.settings.folder, 'processes.log')
      child.once('exit', () => reject(new Error(`A process of the laboratory ended before it served: ${log}`)))
    })
  }

  async #ended(ended: LaneProcess, livedMs: number): Promise<void> {
    this.#alive.delete(ended)
    if (this.#isStopping) return
    const { role } = ended
    if (role === 'receiver' && !ended.isReplaced) this.#receiver = undefined
    if (this.#wasPowerCut(ended.child.pid)) {
      await this.#cutPower()
    } else if (!ended.isReplaced) {
      setTimeout(() => this.#serveAgain(role), livedMs > SHORT_LIFE_MS ? 0 : RESTART_AFTER_MS)
    }
  }

  /** All processes of a host share its power; the last of them has ended before the disk forgets. */
  async #cutPower(): Promise<void> {
    this.#isCuttingPower = true
    await this.#endAll()
    cutPower(this.settings.orders.journal)
    this.#isCuttingPower = false
    for (const role of ROLES) this.#serveAgain(role)
  }

  #serveAgain(role: Role): void {
    if (!this.#isStopping && !this.#isCuttingPower && !this.#isServed(role)) this.#launch(role)
  }

  #isServed(role: Role): boolean {
    return [...this.#alive].some((one) => one.role === role && !one.isReplaced)
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
      const sleeper = [...this.#alive].find(({ child }) => child.pid === pid)
      if (sleeper === undefined) continue
      setTimeout(() => sleeper.child.kill('SIGCONT'), fault.ms)
      if (fault.ms <= TAKEOVER_MS || this.#isStopping) continue
      sleeper.isReplaced = true
      this.#launch(sleeper.role)
    }
    this.#handled = all.length
  }

  #isSleep(id: number): boolean {
    return this.#plan.faults.some((fault) => fault.id === id && fault.kind === 'sleep')
  }
}
