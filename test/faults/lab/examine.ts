/** What a seed left behind, looked at from outside: past the workers and their faults. */
import { z } from 'zod'
import { withDuckDb } from '../../../src/data/context.js'
import { datasetLog } from '../../../src/data/dataset-log.js'
import { queryRows } from '../../../src/data/query.js'
import { verifyAccounting } from '../../../src/data/verify.js'
import { messageOf } from '../../../src/errors.js'
import { type ObjectRef, objectFile } from '../../../src/storage/objects.js'
import type { Storage } from '../../../src/storage/storage.js'
import type { RunResult } from '../../../src/workflows/messages.js'
import { expectedIds } from './batches.js'
import type { View } from './lane.js'
import type { Schedule } from './schedule.js'

/** What was found. `broken`: other promises that do not hold, one sentence each. */
export interface Findings {
  readonly lost: number
  readonly doubled: number
  readonly broken: readonly string[]
}

/** Holds a store against the schedule that it went through, and the runs that ended. */
export async function examine(view: View, schedule: Schedule, runs: readonly RunResult[]): Promise<Findings> {
  const { found, broken } = await readRows(view, schedule.model)
  const { good, broken: poor } = expectedIds(schedule)
  const placed = new Map<number, number>()
  for (const id of [...found.kept, ...found.quarantined]) placed.set(id, (placed.get(id) ?? 0) + 1)
  const expected = [...good, ...poor]
  const misplaced = [...found.kept.filter((id) => poor.has(id)), ...found.quarantined.filter((id) => good.has(id))]
  return {
    lost: expected.filter((id) => !placed.has(id)).length,
    doubled: [...placed.values()].filter((count) => count > 1).length,
    broken: [
      ...broken,
      ...(misplaced.length === 0
        ? []
        : [`${misplaced.length} rows are in quarantine that should be kept, or the other way`]),
      ...(await accountFaults(view, schedule)),
      ...(await registryFaults(view, schedule, runs)),
      ...(await gaps(view.storage, schedule.model)),
    ],
  }
}

interface FoundRows {
  readonly kept: readonly number[]
  readonly quarantined: readonly number[]
}

async function readRows(view: View, model: string): Promise<{ found: FoundRows; broken: readonly string[] }> {
  const kept: string[] = []
  const quarantined: string[] = []
  const broken: string[] = []
  const add = async (files: string[], ref: ObjectRef | undefined) => {
    // What is not there is rows that are lost; the account names it.
    const file = ref === undefined ? undefined : await objectFile(view.storage, ref).catch(() => undefined)
    if (file !== undefined) files.push(file)
  }
  const arrivals = new Set<string>()
  try {
    for await (const { seq, body } of datasetLog(view.storage, model).entries()) {
      const { source, partition, quarantine, receipt } = body
      if (arrivals.has(source.path)) broken.push(`commit ${seq}: ${source.path} was committed before`)
      arrivals.add(source.path)
      await add(kept, partition)
      if (receipt.unreadable === undefined) await add(quarantined, quarantine)
    }
  } catch (thrown) {
    broken.push(`log: ${messageOf(thrown)}`)
  }
  return { found: { kept: await idsIn(view, kept), quarantined: await idsIn(view, quarantined) }, broken }
}

async function idsIn(view: View, files: readonly string[]): Promise<readonly number[]> {
  if (files.length === 0) return []
  // A file named twice is read twice: its rows are in two partitions.
  const sql = files.map((file) => `SELECT CAST(order_id AS INT) AS id FROM read_parquet('${file}')`).join(' UNION ALL ')
  return withDuckDb(view.data, { readable: files }, async ({ connection }) => {
    const rows = await queryRows(connection, sql, z.object({ id: z.number().nullable() }))
    return rows.flatMap(({ id }) => (id === null ? [] : [id]))
  })
}

async function accountFaults(view: View, { model, batches }: Schedule): Promise<readonly string[]> {
  const account = await verifyAccounting(view.data, model)
  if (account.batches === batches.length) return account.differences
  return [...account.differences, `${batches.length} batches arrived, ${account.batches} are committed`]
}

async function registryFaults(
  { registry }: View,
  { model, trains }: Schedule,
  runs: readonly RunResult[],
): Promise<readonly string[]> {
  const promoted = runs.filter(({ outcome }) => outcome === 'promoted').length
  const odd = runs.filter(({ outcome }) => outcome !== 'promoted' && outcome !== 'notNeeded')
  const versions = (await registry.versions(model)).length
  const moves = (await registry.history(model, 'champion')).length
  const expected = trains ? 1 : 0
  return [
    ...odd.map(({ run, outcome, reason }) => `run ${run} ended ${outcome}: ${reason}`),
    ...(promoted === expected ? [] : [`${promoted} runs were promoted, expected ${expected}`]),
    ...(versions === 1 + expected ? [] : [`the registry has ${versions} versions, expected ${1 + expected}`]),
    ...(moves === 1 + expected ? [] : [`the champion moved ${moves} times, expected ${1 + expected}`]),
  ]
}

/** Logs of the model whose numbers have a gap, read as keys. */
async function gaps(storage: Storage, model: string): Promise<readonly string[]> {
  const logs = new Map<string, number[]>()
  for (const area of ['datasets', 'runs', 'models']) {
    for await (const key of storage.list(`${area}/${model}/`)) {
      const [, log, number] = /^(.*)\/(\d{12})\.json$/.exec(key) ?? []
      if (log !== undefined) logs.set(log, [...(logs.get(log) ?? []), Number(number)])
    }
  }
  return [...logs].flatMap(([log, numbers]) => {
    const [first = 0] = numbers
    const isWhole = first <= 1 && numbers.every((number, i) => number === first + i)
    return isWhole ? [] : [`log ${log} has the numbers ${numbers.join(', ')}`]
  })
}
