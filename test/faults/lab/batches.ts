/** The files of a schedule, and which row is in which. */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSpec } from '../../../src/spec/parse.js'
import type { ModelSpec } from '../../../src/spec/spec.js'
import { seededRandom } from '../../../src/statistics/seeded-random.js'
import { LATE_ORDERS } from '../../support/late-orders.js'
import type { PlannedBatch, Schedule } from './schedule.js'

/** The spec of a schedule's model: late orders with a number each, and rows enough for a model or never. */
export function specOf({ model, trains }: Schedule): ModelSpec {
  const text = LATE_ORDERS.replace('model: orders', `model: ${model}`)
    .replace('landing/*.csv', 'landing/*')
    .replace('columns:\n', 'columns:\n    order_id: { type: integer }\n')
    .replace('maxAgeDays: 20', `maxAgeDays: 2000\n  minRows: ${trains ? 1000 : 1_000_000}`)
  const parsed = parseSpec(text)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.spec
}

/** Ids of the rows that must be in the dataset, and in quarantine, at the end. */
export function expectedIds({ batches }: Schedule): { readonly good: Set<number>; readonly broken: Set<number> } {
  const good = new Set<number>()
  const broken = new Set<number>()
  for (const batch of batches) {
    for (let i = 0; i < batch.rows; i++) (isBroken(batch, i) ? broken : good).add(batch.firstId + i)
  }
  return { good, broken }
}

const isBroken = ({ brokenEvery }: PlannedBatch, i: number): boolean => brokenEvery > 0 && i % brokenEvery === 7

/** Writes the batches of a wave; each appears whole. */
export async function writeWave(folder: string, { batches, seed }: Schedule, wave: 1 | 2): Promise<void> {
  const landing = join(folder, 'landing')
  await mkdir(landing, { recursive: true })
  const total = batches.reduce((most, { firstId, rows }) => Math.max(most, firstId + rows), 0)
  for (const batch of batches.filter((one) => one.wave === wave)) {
    const hidden = join(folder, batch.name)
    await writeFile(hidden, contentOf(batch, { seed, total }))
    await rename(hidden, join(landing, batch.name))
  }
}

function contentOf(
  batch: PlannedBatch,
  { seed, total }: { readonly seed: number; readonly total: number },
): string | Uint8Array {
  switch (batch.kind) {
    case 'emptyFile':
      return ''
    case 'tornParquet':
      return `PAR1 torn, seed ${seed}`
    case 'binary':
      return Uint8Array.from({ length: 600 }, (_, i) => (i * 89 + seed) % 256)
    case 'unknownEnding':
      return `not known, seed ${seed}`
    default:
      return rowsOf(batch, seed, total)
  }
}

const DEPOTS = ['north', 'south', 'east', 'west']
/** How much more often orders of a depot are late, in log odds. */
const EFFECT = [-1.5, 1.5, 0, 0.5]

/** CSV over a month of event time, with a pattern that a model can learn and the rule cannot. */
function rowsOf(batch: PlannedBatch, seed: number, total: number): string {
  const random = seededRandom(seed * 1000 + batch.firstId)
  const lines = ['order_id,ordered,mass,depot,late']
  for (let i = 0; i < batch.rows; i++) {
    const id = batch.firstId + i
    const day = 1 + Math.floor((id / (total + 1)) * 28)
    const hour = Math.floor(random() * 24)
    const depot = Math.floor(random() * DEPOTS.length)
    const mass = random() * 40
    const odds = -0.5 + (EFFECT[depot] ?? 0) + (hour >= 16 ? 1 : -0.5) + (mass - 20) / 40
    const late = random() < 1 / (1 + Math.exp(-odds))
    const ordered = `2026-01-${pad(day)} ${pad(hour)}:00:00`
    lines.push(`${id},${ordered},${isBroken(batch, i) ? 'heavy' : mass.toFixed(2)},${DEPOTS[depot]},${late}`)
  }
  return `${lines.join('\n')}\n`
}

const pad = (value: number) => String(value).padStart(2, '0')
