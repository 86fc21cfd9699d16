/**
 * What Refit's process costs beyond the activities that it runs.
 *
 * `overhead`: a whole run whose computing is stubbed, asked of the steward as `refit run` does and awaited, against a bare
 * workflow that runs as many activities one after another; both on one server, in turns, medians. One batch has arrived.
 * Counted are all activities that the histories of a run's two workflows have (steward: ruling and opening; `retrain`:
 * from `admit` to `tellEnded`), read from the server after a run, so that the reference has as many. All are ordinary
 * activities, which take and give a small object. What Refit does besides is against it: a second workflow, an update
 * and a signal of the steward, search attributes, heartbeats, a second task queue, and the numbering of the run, which
 * is a durable write to the store. For it: a run tells the steward while it writes its report.
 *
 * `overNoops`: the same run against activities that take and give nothing.
 *
 * `noop12`: twelve no-op activities in the bare workflow. Other engines' figures are context, not measured here.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NativeConnection, Worker } from '@temporalio/worker'
import { createLocalStorage } from '../src/storage/local.js'
import { AdmitRequest, stewardId } from '../src/workflows/messages.js'
import { applySmallModel } from '../test/support/small-model.js'
import { straightToPromotion, stubActivities } from '../test/support/stub-activities.js'
import { startTestTemporal, type TestTemporal, withWorker } from '../test/support/temporal.js'
import type { inSequence, NoActivities } from './support/bare-workflow.js'
import { type BenchLine, costOf, figureOf, machine, median } from './support/bench-line.js'

const MODEL = 'bench'
const QUEUE = 'bench-bare'
/** About a minute on two busy cores. */
const REPETITIONS = 60
/** The first runs compile, and fill caches. */
const WARM_UP = 5
const MOST_OVERHEAD = 1.15

/** Twelve no-op steps, as measured on a machine of this size before Refit was begun. */
const OTHER_ENGINES = [
  { name: 'ZenML, 12 no-op steps', value: 740, unit: 'ms' },
  { name: 'Prefect, 12 no-op steps', value: 1060, unit: 'ms' },
  { name: 'Metaflow, 12 no-op steps', value: 6000, unit: 'ms' },
  { name: 'Airflow, 12 no-op steps', value: 12_000, unit: 'ms' },
  { name: 'Dagster launched, 12 no-op steps', value: 35_000, unit: 'ms' },
] as const

/** Measures, and gives the line to print. An argument is another number of repetitions. */
export async function run([repetitions = String(REPETITIONS)]: readonly string[] = []): Promise<BenchLine> {
  const temporal = await startTestTemporal()
  try {
    const storage = await createLocalStorage(join(temporal.folder, 'store'))
    await applySmallModel(storage, MODEL, { cooldownMinutes: 0, runsPerDay: 100_000 })
    const activities = stubActivities(storage, { ...straightToPromotion(), arrived: ['one.csv'] })
    let line: BenchLine | undefined
    await withWorker(temporal.address, activities, () =>
      withBareWorker(temporal.address, async () => {
        line = await measure(temporal, Number(repetitions))
      }),
    )
    if (line === undefined) throw new Error('The workers ended before anything was measured')
    return line
  } finally {
    await temporal.stop()
  }
}

async function measure(temporal: TestTemporal, repetitions: number): Promise<BenchLine> {
  for (let i = 0; i < WARM_UP; i++) await wholeRun(temporal)
  const count = await activitiesOfOneRun(temporal)
  for (let i = 0; i < WARM_UP; i++) await bare(temporal, 'ordinary', count)
  const times: Record<'whole' | 'bare' | 'noops' | 'twelve', number[]> = { whole: [], bare: [], noops: [], twelve: [] }
  for (let i = 0; i < repetitions; i++) {
    times.whole.push(await millisecondsOf(() => wholeRun(temporal)))
    times.bare.push(await millisecondsOf(() => bare(temporal, 'ordinary', count)))
    times.noops.push(await millisecondsOf(() => bare(temporal, 'nothing', count)))
    times.twelve.push(await millisecondsOf(() => bare(temporal, 'nothing', 12)))
  }
  const unit = 'ms'
  return {
    name: 'loop',
    seed: 0,
    machine: machine(),
    measures: [
      costOf({ name: 'overhead', unit }, median(times.whole), median(times.bare), MOST_OVERHEAD),
      costOf({ name: 'overNoops', unit }, median(times.whole), median(times.noops), null),
      figureOf({ name: 'activitiesOfOneRun', unit: 'activities' }, count),
      figureOf({ name: 'noop12', unit }, median(times.twelve)),
    ],
    context: OTHER_ENGINES,
  }
}

async function wholeRun({ client }: TestTemporal): Promise<string> {
  const ruling = await client.admit(MODEL, AdmitRequest.parse({ id: randomUUID(), actor: 'bench' }))
  if (ruling.kind !== 'admitted') throw new Error(`The steward did not admit a run: ${ruling.reason}`)
  const { outcome, reason } = await client.result(ruling.workflowId)
  if (outcome !== 'promoted') throw new Error(`The run ended ${outcome}: ${reason}`)
  return ruling.workflowId
}

async function bare({ temporal }: TestTemporal, kind: keyof NoActivities, count: number): Promise<void> {
  await temporal.workflow.execute<typeof inSequence>('inSequence', {
    workflowId: randomUUID(),
    taskQueue: QUEUE,
    args: [kind, count],
  })
}

/** Activities that one more run adds to the histories of its workflows. */
async function activitiesOfOneRun(temporal: TestTemporal): Promise<number> {
  const scheduled = async (workflowId: string) => {
    const { events } = await temporal.temporal.workflow.getHandle(workflowId).fetchHistory()
    return (events ?? []).filter(({ activityTaskScheduledEventAttributes: found }) => found != null).length
  }
  const before = await scheduled(stewardId(MODEL))
  const workflowId = await wholeRun(temporal)
  const counts = await Promise.all([stewardId(MODEL), workflowId].map(scheduled))
  return counts.reduce((sum, count) => sum + count, -before)
}

async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}

async function withBareWorker(address: string, body: () => Promise<void>): Promise<void> {
  const connection = await NativeConnection.connect({ address })
  const activities: NoActivities = { ordinary: async () => ({ text: 'nothing was done' }), nothing: async () => {} }
  const worker = await Worker.create({
    connection,
    activities,
    taskQueue: QUEUE,
    workflowsPath: fileURLToPath(new URL('./support/bare-workflow.js', import.meta.url)),
  })
  await worker.runUntil(body)
  await connection.close()
}
