/**
 * Ten thousand small files arrive at once, and a run brings them in: a real server, a worker in a process of its own. The
 * files have ten rows each or, with the argument `unreadable`, an ending that nobody knows: these are kept as they are, so
 * that all but DuckDB's work is measured.
 *
 * `overTemporal`: batches per second of the run, by those of `refit ingest` without Temporal on as many files like them,
 * one after the other, in a process of its own; so the fan-out may make the run the faster one.
 *
 * `events`: events of the largest history of the run and its child, by the 2,000 that a history may have. `pending`:
 * activities that waited at one time, by the 500 that may.
 *
 * More than one means that what is there makes what comes slower. `batchGrowth`: processor time of the worker for a batch in
 * the last fifth, by that in the second one: in the first, code is compiled. `collectGrowth`: time of the activity `collect`
 * in the last tenth of its occurrences, by that in the second, medians. `rssGrowth`: peak memory of the worker in the second
 * half of the ingestion, by that in the first.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { datasetLog } from '../src/data/dataset/dataset-log.js'
import { startLoop, type TestLoop } from '../test/support/loop.js'
import { refit } from '../test/support/refit.js'
import { startTestTemporal, type TestTemporal } from '../test/support/temporal.js'
import { type BenchLine, costOf, figureOf, type Measure, machine, measureOf } from './support/bench-line.js'
import { activityTimes, historiesOf } from './support/histories.js'
import { type Sample, sampleProcess } from './support/process-samples.js'
import { writeSmallFiles } from './support/small-files.js'

const FILES = 10_000
const MOST_EVENTS = 2_000
const MOST_PENDING = 500
const MOST_GROWTH = 1.1
/** Of the same time in tenths, medians of busy machines differ by less. */
const MOST_SLOWDOWN = 1.5
const LOOK_EVERY_MS = 1_000

/** Measures, and gives the line to print. Arguments are another number of files, and another kind. */
export async function run([files = String(FILES), kind = 'readable']: readonly string[] = []): Promise<BenchLine> {
  const temporal = await startTestTemporal()
  const arrivals = { files: Number(files), ending: kind === 'readable' ? 'csv' : 'unknown' }
  try {
    const loop = await startSystem(temporal, arrivals)
    try {
      const measures = await measureRun(temporal, loop, arrivals)
      return { name: 'files', seed: 0, machine: machine(), measures }
    } finally {
      await loop.stop()
    }
  } finally {
    await temporal.stop()
  }
}

/** The worker at one moment, and how many batches were in by then. */
interface Look extends Sample {
  readonly commits: number
}

/** Milliseconds of processor time that a batch took in one fifth of them, counted from 0. */
function cpuPerBatch(looks: readonly Look[], fifth: number): number {
  const most = looks.at(-1)?.commits ?? 0
  const inside = looks.filter(({ commits }) => commits >= (fifth * most) / 5 && commits <= ((fifth + 1) * most) / 5)
  const [first, last] = [inside[0], inside.at(-1)]
  if (first === undefined || last === undefined) return Number.NaN
  return (1000 * (last.cpuSeconds - first.cpuSeconds)) / (last.commits - first.commits)
}

/** What arrives. */
interface Arrivals {
  readonly files: number
  readonly ending: string
}

async function startSystem(temporal: TestTemporal, { files, ending }: Arrivals): Promise<TestLoop> {
  const loop = await startLoop(temporal, { spec: (text) => text.replace('*.csv', `*.${ending}`) })
  await writeSmallFiles(loop.landing, files, ending)
  return loop
}

async function measureRun(temporal: TestTemporal, loop: TestLoop, arrivals: Arrivals): Promise<readonly Measure[]> {
  const { files } = arrivals
  const workflowId = await loop.start()
  const startedMs = performance.now()
  const { samples, pending } = await untilIngested(temporal, loop, workflowId)
  const seconds = (performance.now() - startedMs) / 1000
  await temporal.temporal.workflow.getHandle(workflowId).cancel()
  const histories = await historiesOf(temporal.temporal, [workflowId, `${workflowId}/ingest`])
  const { holds } = await loop.account()
  if (!holds) throw new Error('The account does not hold')
  const alone = await ingestAlone(temporal, arrivals)
  const [half, unit] = [samples.length >> 1, 'bytes']
  const cpu = (samples.at(-1)?.cpuSeconds ?? Number.NaN) - (samples[0]?.cpuSeconds ?? Number.NaN)
  return [
    measureOf({ name: 'overTemporal', unit: 'batches/s' }, files / seconds, files / alone, null),
    costOf({ name: 'events', unit: 'events' }, Math.max(...histories.map(({ length }) => length)), MOST_EVENTS, 1),
    costOf({ name: 'pending', unit: 'activities' }, pending, MOST_PENDING, 1),
    growthOf('collectGrowth', activityTimes(histories, 'collect')),
    costOf({ name: 'batchGrowth', unit: 'ms' }, cpuPerBatch(samples, 4), cpuPerBatch(samples, 1), MOST_SLOWDOWN),
    costOf({ name: 'rssGrowth', unit }, peakOf(samples.slice(half)), peakOf(samples.slice(0, half)), MOST_GROWTH),
    figureOf({ name: 'histories', unit: 'histories' }, histories.length),
    figureOf({ name: 'workerCpu', unit: 's' }, cpu),
  ]
}

/** Looks at the worker and at what waits until the run is past its ingestion. */
async function untilIngested({ client, temporal }: TestTemporal, loop: TestLoop, workflowId: string) {
  const { worker, ports, model } = loop
  const samples: Look[] = []
  let pending = 0
  for (;;) {
    const status = await client.runStatus(workflowId)
    if (status !== undefined && status.stage !== 'ingest' && status.stage !== 'admit') return { samples, pending }
    const commits = (await datasetLog(ports.storage, model).head())?.seq ?? 0
    samples.push({ ...(await sampleProcess(worker.pid())), commits })
    for (const id of [workflowId, `${workflowId}/ingest`]) {
      const described = await temporal.workflow
        .getHandle(id)
        .describe()
        .catch(() => undefined)
      pending = Math.max(pending, described?.raw.pendingActivities?.length ?? 0)
    }
    await sleep(LOOK_EVERY_MS)
  }
}

/** Seconds that `refit ingest` takes for as many files like those. */
async function ingestAlone(temporal: TestTemporal, arrivals: Arrivals): Promise<number> {
  const loop = await startSystem(temporal, arrivals)
  // Only its store and its spec are needed.
  await loop.stop()
  const startedMs = performance.now()
  const { exitCode, stderr } = await refit(['ingest'], loop)
  // Batches that cannot be read are bad news.
  if (exitCode !== (arrivals.ending === 'csv' ? 0 : 1))
    throw new Error(`refit ingest ended with ${exitCode}: ${stderr}`)
  return (performance.now() - startedMs) / 1000
}

const peakOf = (samples: readonly Sample[]): number => Math.max(...samples.map(({ rssBytes }) => rssBytes))

/** The last tenth by the second: in the first one, code is compiled and files are opened. */
function growthOf(name: string, times: readonly number[]): Measure {
  const tenth = Math.max(1, Math.floor(times.length / 10))
  const [early, late] = [times.slice(tenth, 2 * tenth), times.slice(-tenth)]
  return costOf({ name, unit: 'ms' }, middle(late), middle(early), MOST_SLOWDOWN)
}

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
