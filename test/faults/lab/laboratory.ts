/** The fault laboratory: seeds run through lanes side by side, each through a whole system of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { PRELOADED } from '../../../src/worker.js'
import type { Only, StorageKind } from './cells.js'
import { type Lane, type LaneOptions, startLane } from './lane.js'
import { isFine, runSeed, type SeedResult } from './run-seed.js'
import { type S3ServerName, startS3Server } from './s3-server.js'
import type { Sabotage } from './sabotage.js'
import { scheduleOf } from './schedule.js'

/** A seed, and what it is run on. */
export interface SeedRequest {
  readonly seed: number
  readonly storage: StorageKind
  /** Limits its faults; all kinds unless given. */
  readonly only?: Only
}

/** What to run. */
export interface LabRequest {
  readonly seeds: readonly SeedRequest[]
  /** Lanes for each kind of store; 2 unless given. */
  readonly lanes?: number
  /** MiniStack unless given. */
  readonly s3Server?: S3ServerName
  readonly sabotage?: Sabotage
  /** Time of a seed, in milliseconds; `SEED_LIMIT_MS` unless given. */
  readonly limitMs?: number
  /** Told of each seed when it ended; `stop` ends the laboratory before the rest. */
  readonly report?: (result: SeedResult) => 'stop' | undefined
}

/** Seeds that a lane takes before it is made anew: models that stay in its store and stewards in its server cost time. */
const SEEDS_OF_A_LANE = 50

/** Runs seeds. Results come in the order in which they ended. Rejects when a server cannot be had. */
export async function runLaboratory(request: LabRequest): Promise<readonly SeedResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'refit-lab-'))
  const needsS3 = request.seeds.some(({ storage }) => storage === 's3')
  const s3 = needsS3 ? await startS3Server(request.s3Server ?? 'ministack') : undefined
  try {
    const bundle = await bundleInto(folder)
    const sabotage = request.sabotage ?? 'none'
    const results: SeedResult[] = []
    const common = { request, results }
    const ended = await Promise.allSettled([
      runOn({ s3: undefined, bundle, sabotage }, { ...common, kind: 'local' }),
      runOn({ s3, bundle, sabotage }, { ...common, kind: 's3' }),
    ])
    for (const one of ended) if (one.status === 'rejected') throw one.reason
    return results
  } finally {
    await s3?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function bundleInto(folder: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../../src/workflows/index.js', import.meta.url)),
    workflowInterceptorModules: [fileURLToPath(new URL('./haste.js', import.meta.url))],
    preloadModules: [...PRELOADED],
    logger: new DefaultLogger('ERROR'),
  })
  const path = join(folder, 'workflows.js')
  await writeFile(path, code)
  return path
}

interface Work {
  readonly request: LabRequest
  readonly results: SeedResult[]
  readonly kind: StorageKind
}

/** Runs the seeds of one kind of store, in lanes that take one after another. */
async function runOn(options: LaneOptions, { request, results, kind }: Work): Promise<void> {
  const waiting = request.seeds.filter(({ storage }) => storage === kind)
  const lanes = Math.min(request.lanes ?? 2, waiting.length)
  let isStopped = false
  /** Until nothing waits, the lane is worn, or a seed did not end well: what it left behind must not hit the next. */
  const serve = async (lane: Lane) => {
    for (let taken = 0; taken < SEEDS_OF_A_LANE && !isStopped; taken++) {
      const next = waiting.shift()
      if (next === undefined) return
      const result = await runSeed(lane, scheduleOf(next.seed, kind, next.only), request.limitMs)
      results.push(result)
      if (request.report?.(result) === 'stop') isStopped = true
      if (!isFine(result)) return
    }
  }
  const started = await Promise.allSettled(
    Array.from({ length: lanes }, async () => {
      while (waiting.length > 0 && !isStopped) {
        const lane = await startInTurn(options)
        try {
          await serve(lane)
        } finally {
          await lane.stop()
        }
      }
    }),
  )
  for (const one of started) if (one.status === 'rejected') throw one.reason
}

let turn: Promise<unknown> = Promise.resolve()

/** One after another, and again when it fails: servers that look for free ports at the same moment take them from each other. */
function startInTurn(options: LaneOptions): Promise<Lane> {
  const lane = turn.then(() => startLane(options).catch(() => startLane(options)))
  turn = lane.catch(() => undefined)
  return lane
}
