/** What a seed left behind, looked at from outside: past the processes and their faults. */
import { verifyAccounting } from '../../../src/data/verify/verify.js'
import type { Storage } from '../../../src/storage/storage.js'
import type { RunResult } from '../../../src/workflows/messages.js'
import { type Expected, expectedRows } from './batches.js'
import { idsThatWait, inboxFaults } from './examine-pushes.js'
import { type FoundRows, readRows } from './find-rows.js'
import type { View } from './lane.js'
import type { Schedule } from './schedule.js'

/** What was found. `broken`: other promises that do not hold, one sentence each. */
export interface Findings {
  readonly lost: number
  readonly doubled: number
  readonly broken: readonly string[]
}

/** How a seed went. */
export interface Course {
  readonly schedule: Schedule
  /** The runs that ended. */
  readonly runs: readonly RunResult[]
  /** Batches that must be somewhere at every moment: pushes that were acknowledged, files that a run has taken in which ended. */
  readonly safe: ReadonlySet<string>
  readonly isStuck: boolean
}

/** Holds the stores against the schedule that they went through. */
export async function examine(view: View, course: Course): Promise<Findings> {
  const { schedule, isStuck, safe } = course
  const { found, broken } = await readRows(view, schedule.model)
  if (isStuck) return { lost: await lostAlready(view, course, found), doubled: 0, broken }
  const expected = expectedRows(schedule, schedule.batches)
  const places = count([...found.kept, ...found.quarantined])
  const wanted = placesOf(expected)
  return {
    lost: missing(wanted, places),
    doubled: missing(places, wanted),
    broken: [
      ...broken,
      ...misplaced(found, expected),
      ...(schedule.arrival === 'pushes' ? await inboxFaults(view, schedule, safe) : []),
      ...(await accountFaults(view, schedule, expected)),
      ...(await registryFaults(view, course)),
      ...(await gaps(view.storage, schedule.model)),
    ],
  }
}

/**
 * Of a seed that is stuck, rows are missing for this reason. What was promised to be safe must be somewhere nevertheless: in a
 * commit, or before it in the inbox or the spool; and what a commit names must be there.
 */
async function lostAlready(view: View, { schedule, safe }: Course, found: FoundRows): Promise<number> {
  const promised = expectedRows(
    schedule,
    schedule.batches.filter(({ name }) => safe.has(name)),
  )
  const waiting = schedule.arrival === 'pushes' ? await idsThatWait(view, schedule.model) : []
  const somewhere = new Set([...found.kept, ...found.quarantined, ...waiting])
  const missingIds = [...promised.kept, ...promised.quarantined.keys()].filter((id) => !somewhere.has(id))
  return Math.max(missingIds.length, found.absent)
}

type Counts = ReadonlyMap<number, number>

function placesOf({ kept, quarantined }: Expected): Counts {
  const places = new Map(quarantined)
  for (const id of kept) places.set(id, (places.get(id) ?? 0) + 1)
  return places
}

function count(ids: readonly number[]): Counts {
  const counts = new Map<number, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}

/** How many rows of the one are not in the other. */
function missing(one: Counts, other: Counts): number {
  return [...one].reduce((sum, [id, times]) => sum + Math.max(0, times - (other.get(id) ?? 0)), 0)
}

function misplaced({ kept, quarantined }: FoundRows, expected: Expected): readonly string[] {
  const rows = [
    ...kept.filter((id) => !expected.kept.has(id)),
    ...quarantined.filter((id) => !expected.quarantined.has(id)),
  ].length
  return rows === 0 ? [] : [`${rows} rows are in quarantine that should be kept, or the other way`]
}

async function accountFaults(view: View, schedule: Schedule, expected: Expected): Promise<readonly string[]> {
  const { model, batches, arrival } = schedule
  const account = await verifyAccounting(view.data, model)
  const compare = (what: string, found: number, wanted: number) =>
    found === wanted ? [] : [`the account has ${found} ${what}, expected ${wanted}`]
  // How many rows there are in bytes that are no text is the reader's own affair.
  const isKnown = batches.every(({ kind }) => kind !== 'binary')
  const quarantined = [...expected.quarantined.values()].reduce((sum, times) => sum + times, 0)
  return [
    ...account.differences,
    // Pushes are joined, and make fewer batches.
    ...(arrival === 'files' ? compare('batches', account.batches, batches.length) : []),
    ...(isKnown ? compare('rows in', account.rowsIn, expected.rowsIn) : []),
    ...(isKnown ? compare('rows in quarantine', account.quarantined, quarantined) : []),
    ...compare('rows kept', account.kept, expected.kept.size),
    ...compare('duplicates', account.duplicates, expected.duplicates),
  ]
}

async function registryFaults({ registry }: View, { schedule, runs }: Course): Promise<readonly string[]> {
  const { model, trains } = schedule
  const promoted = runs.filter(({ outcome }) => outcome === 'promoted').length
  const odd = runs.filter(({ outcome }) => outcome !== 'promoted' && outcome !== 'notNeeded')
  const versions = (await registry.versions(model)).length
  const moves = (await registry.history(model, 'champion')).length
  const expected = trains ? 1 : 0
  const ends = runs.map(({ run, outcome, reason }) => `run ${run} ${outcome}, ${reason}`).join('; ')
  return [
    ...odd.map(({ run, outcome, reason }) => `run ${run} ended ${outcome}: ${reason}`),
    ...(promoted === expected ? [] : [`${promoted} runs were promoted, expected ${expected}: ${ends}`]),
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
