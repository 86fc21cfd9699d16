/** Plays the scenarios on a real server and writes the histories that they leave; `tools/capture-histories.mjs` runs it. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { createLocalStorage } from '../../src/storage/local.js'
import { chainOfHistories, type History } from '../support/history.js'
import { applySmallModel } from '../support/small-model.js'
import { straightToPromotion, stubActivities } from '../support/stub-activities.js'
import { startTestTemporal, type TestTemporal, withWorker } from '../support/temporal.js'
import { RUN_SCENARIOS } from './run-scenarios.js'
import type { Scenario } from './scene.js'
import { STEWARD_SCENARIOS } from './steward-scenarios.js'

const SCENARIOS = [...RUN_SCENARIOS, ...STEWARD_SCENARIOS]

/** A steward is to continue as new within a short story; no other workflow looks at the suggestion. */
const LIMITS = { 'limit.historyCount.suggestContinueAsNew': 100 }

/**
 * Captures the histories of the scenarios whose name is among `names`, of all when there are none, into `folder`. Tells
 * each file it has written.
 */
export async function captureHistories(
  folder: string,
  names: readonly string[],
  tell: (file: string) => void,
): Promise<void> {
  const chosen = SCENARIOS.filter(({ name }) => names.length === 0 || names.includes(name))
  if (chosen.length === 0) throw new Error(`No scenario has that name: ${SCENARIOS.map(({ name }) => name).join(', ')}`)
  await mkdir(folder, { recursive: true })
  const temporal = await startTestTemporal(LIMITS)
  try {
    for (const [i, scenario] of chosen.entries()) {
      const histories = await play(temporal, scenario, `${scenario.name}-${i}`)
      for (const [name, chain] of Object.entries(histories)) {
        for (const file of await writeChain(folder, name, chain)) tell(file)
      }
    }
  } finally {
    await temporal.stop()
  }
}

async function play(
  temporal: TestTemporal,
  { answers = {}, isHeld = false, triggers, ...scenario }: Scenario,
  model: string,
): Promise<Readonly<Record<string, readonly History[]>>> {
  const storage = await createLocalStorage(join(temporal.folder, model))
  await applySmallModel(storage, model, triggers)
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const beforeTrain = () => (isHeld ? held : Promise.resolve())
  const activities = stubActivities(storage, { ...straightToPromotion(), ...answers, beforeTrain })
  const histories: Record<string, readonly History[]> = {}
  await withWorker(temporal.address, activities, async () => {
    const told = await scenario.play({ model, temporal, release: () => release() })
    for (const [name, workflowId] of Object.entries(told)) {
      histories[name] = await chainOfHistories(temporal.temporal, workflowId)
    }
  })
  return histories
}

/** Writes a history, or each of a workflow that continued as new, in the place of the files of that name. */
async function writeChain(folder: string, name: string, chain: readonly History[]): Promise<readonly string[]> {
  const isOld = new RegExp(`^${name}(-\\d+)?\\.json$`)
  for (const file of await readdir(folder)) if (isOld.test(file)) await rm(join(folder, file))
  const files = chain.map((history, i) => [chain.length === 1 ? name : `${name}-${i + 1}`, history] as const)
  for (const [file, history] of files) await writeFile(join(folder, `${file}.json`), asText(history))
  return files.map(([file]) => `${file}.json`)
}

/** Fields that say which process did it, or which only the server reads: a replay needs none of them. */
const LEFT_OUT = new Set([
  ...['identity', 'stackTrace', 'taskId', 'requestId'],
  ...['workerVersion', 'meteringMetadata', 'prevAutoResetPoints'],
])

/** One event a line, without what is true of this machine only. */
function asText(history: History): string {
  const { events }: { events: unknown[] } = JSON.parse(historyToJSON(history), (key, value: unknown) => {
    // A memo has fields of its own; those are payloads.
    if (LEFT_OUT.has(key) && !isPayload(value)) return undefined
    // Sticky queues are named for the process and the host.
    return key === 'name' && typeof value === 'string' ? value.replace(/^\d+@.*$/, 'sticky') : value
  })
  return `{"events":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`
}

const isPayload = (value: unknown): boolean => typeof value === 'object' && value !== null && 'metadata' in value
