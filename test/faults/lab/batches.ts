/** The batches of a schedule, what is in them, and where each row must be in the end. */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSpec } from '../../../src/spec/parse.js'
import type { ModelSpec } from '../../../src/spec/spec.js'
import { seededRandom } from '../../../src/statistics/seeded-random.js'
import { LATE_ORDERS } from '../../support/late-orders.js'
import type { PlannedBatch } from './planned-batches.js'
import type { Schedule } from './schedule.js'

/** The spec of a schedule's model: late orders with a number each, and rows enough for a model or never. */
export function specOf({ model, trains, arrival }: Schedule, limit: 'narrow' | 'wide'): ModelSpec {
  const source = arrival === 'files' ? 'kind: files\n    glob: landing/*' : 'kind: push'
  const text = LATE_ORDERS.replace('model: orders', `model: ${model}`)
    .replace('kind: files\n    glob: landing/*.csv', source)
    .replace('columns:\n', 'columns:\n    order_id: { type: integer }\n')
    .replace('max: 100 ', `max: ${limit === 'narrow' ? 100 : 1000} `)
    .replace('  eventTime: ordered\n', `${arrival === 'files' ? '' : '  key: [order_id]\n'}  eventTime: ordered\n`)
    .replace('maxAgeDays: 20', `maxAgeDays: 2000\n  minRows: ${trains ? 1000 : 1_000_000}`)
  const parsed = parseSpec(text)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.spec
}

/** Where the rows of a schedule must be in the end. */
export interface Expected {
  /** Ids of rows in a partition, once each. */
  readonly kept: ReadonlySet<number>
  /** How often an id must be in quarantine: a broken row that comes twice is there twice. */
  readonly quarantined: ReadonlyMap<number, number>
  readonly duplicates: number
  readonly rowsIn: number
}

/** Where the rows of these batches must be in the end. */
export function expectedRows({ arrival, releases }: Schedule, batches: readonly PlannedBatch[]): Expected {
  const kept = new Set<number>()
  const quarantined = new Map<number, number>()
  let [duplicates, rowsIn] = [0, 0]
  for (const batch of batches) {
    rowsIn += batch.rows
    for (let i = 0; i < batch.rows; i++) {
      const id = batch.firstId + i
      const fault = faultOf(batch, i)
      // A file with known bytes is a duplicate whole; what was pushed is new but for the keys of its rows.
      if (arrival === 'files' && batch.kind === 'copy') duplicates++
      else if (fault === 'no number' || (fault === 'too heavy' && !releases)) {
        quarantined.set(id, (quarantined.get(id) ?? 0) + 1)
      } else if (kept.has(id)) duplicates++
      else kept.add(id)
    }
  }
  return { kept, quarantined, duplicates, rowsIn }
}

/** Every so manieth row is broken: in turn by a limit, which may be widened, and beyond all hope. */
function faultOf({ brokenEvery }: PlannedBatch, i: number): 'too heavy' | 'no number' | undefined {
  if (brokenEvery === 0 || i % brokenEvery !== 7) return undefined
  return i % (2 * brokenEvery) === 7 ? 'too heavy' : 'no number'
}

/** Writes the files of a wave; each appears whole. */
export async function writeWave(folder: string, schedule: Schedule, wave: 1 | 2): Promise<void> {
  const landing = join(folder, 'landing')
  await mkdir(landing, { recursive: true })
  for (const batch of schedule.batches.filter((one) => one.wave === wave)) {
    const hidden = join(folder, batch.name)
    await writeFile(hidden, contentOf(batch, schedule))
    await rename(hidden, join(landing, batch.name))
  }
}

/** The bytes of a batch. */
export function contentOf(batch: PlannedBatch, { batches, seed }: Schedule): string | Uint8Array<ArrayBuffer> {
  switch (batch.kind) {
    case 'emptyFile':
      return ''
    case 'tornParquet':
      return `PAR1 torn, seed ${seed}`
    case 'binary':
      return Uint8Array.from({ length: 600 }, (_, i) => (i * 89 + seed) % 256)
    case 'unknownEnding':
      return `not known, seed ${seed}`
    default: {
      const total = batches.reduce((most, { firstId, rows }) => Math.max(most, firstId + rows), 0)
      return textOf(rowsOf(batch, seed, total), batch.name.endsWith('.csv'))
    }
  }
}

/** Ids of the rows in the bytes of a batch; none where it holds no rows. */
export function idsInContent(content: string): readonly number[] {
  return content.split('\n').flatMap((line) => {
    const id = /^(?:\{"order_id":)?(\d+),/.exec(line)?.[1]
    return id === undefined ? [] : [Number(id)]
  })
}

type Row = Readonly<Record<'order_id' | 'ordered' | 'mass' | 'depot' | 'late', string | number | boolean>>

function textOf(rows: readonly Row[], isCsv: boolean): string {
  if (!isCsv) return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  const lines = rows.map(({ order_id, ordered, mass, depot, late }) => [order_id, ordered, mass, depot, late].join())
  return `${['order_id,ordered,mass,depot,late', ...lines].join('\n')}\n`
}

const DEPOTS = ['north', 'south', 'east', 'west']
/** How much more often orders of a depot are late, in log odds. */
const EFFECT = [-1.5, 1.5, 0, 0.5]
const MASS = { 'too heavy': 400, 'no number': 'heavy' } as const

/** Rows over a month of event time, with a pattern that a model can learn and the rule cannot. */
function rowsOf(batch: PlannedBatch, seed: number, total: number): readonly Row[] {
  const random = seededRandom(seed * 1000 + batch.firstId)
  return Array.from({ length: batch.rows }, (_, i) => {
    const id = batch.firstId + i
    const day = 1 + Math.floor((id / (total + 1)) * 28)
    const hour = Math.floor(random() * 24)
    const depot = Math.floor(random() * DEPOTS.length)
    const mass = random() * 40
    const odds = -0.5 + (EFFECT[depot] ?? 0) + (hour >= 16 ? 1 : -0.5) + (mass - 20) / 40
    const fault = faultOf(batch, i)
    return {
      order_id: id,
      ordered: `2026-01-${pad(day)} ${pad(hour)}:00:00`,
      mass: fault === undefined ? Number(mass.toFixed(2)) : MASS[fault],
      depot: DEPOTS[depot] ?? '',
      late: random() < 1 / (1 + Math.exp(-odds)),
    }
  })
}

const pad = (value: number) => String(value).padStart(2, '0')
