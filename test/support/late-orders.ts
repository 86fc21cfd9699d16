/** A small made-up data set with a pattern that a model can learn and a rule cannot: seeded, so always the same. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSpec } from '../../src/spec/parse.js'
import type { ModelSpec } from '../../src/spec/spec.js'
import { seededRandom } from '../../src/statistics/seeded-random.js'

/** The spec of the data set, as a team would write it. */
export const LATE_ORDERS = `model: orders
goal:
  description: which orders will be late
  metric: auc
baseline:
  kind: rule
  score: least(1, mass / 40)
data:
  source:
    kind: files
    glob: landing/*.csv
  columns:
    ordered: { type: timestamp }
    mass: { type: number, min: 0, max: 100 }
    depot: { type: string }
    late: { type: boolean }
  derived:
    hour: { type: integer, sql: hour(ordered) }
  eventTime: ordered
  clock: lastEvent
  features: [mass, depot, hour]
  label:
    sql: late
triggers:
  cooldownMinutes: 0
policy:
  maxAgeDays: 20
trainer:
  kind: embedded
  seed: 7
  parameters:
    hidden: [8]
    epochs: 6
    batchSize: 256
    embed: [hour]
    checkpointSeconds: 0
gates:
  holdoutDays: 5
`

/** The spec, parsed. */
export function lateOrdersSpec(change: (text: string) => string = (text) => text): ModelSpec {
  const parsed = parseSpec(change(LATE_ORDERS))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.spec
}

const DEPOTS = ['north', 'south', 'east', 'west']
/** How much more often orders of a depot are late, in log odds. */
const EFFECT: Readonly<Record<string, number>> = { north: -1.5, south: 1.5, east: 0, west: 0.5 }

/** Rows of a month of orders as CSV; every hundredth is broken unless said otherwise. Gives how many are good and how many broken. */
export async function writeOrders(
  folder: string,
  {
    month,
    rows = 8000,
    name = month,
    brokenEvery = 100,
    seed = Number(month.replaceAll('-', '')),
  }: {
    readonly month: string
    readonly rows?: number
    readonly name?: string
    readonly brokenEvery?: number
    readonly seed?: number
  },
): Promise<{ readonly good: number; readonly broken: number }> {
  const random = seededRandom(seed)
  const lines = ['ordered,mass,depot,late']
  let broken = 0
  for (let i = 0; i < rows; i++) {
    const day = 1 + Math.floor((i / rows) * 28)
    const hour = Math.floor(random() * 24)
    const depot = DEPOTS[Math.floor(random() * DEPOTS.length)] ?? 'north'
    const mass = random() * 40
    const odds = -0.5 + (EFFECT[depot] ?? 0) + (hour >= 16 ? 1 : -0.5) + (mass - 20) / 40
    const late = random() < 1 / (1 + Math.exp(-odds))
    const isBroken = i % brokenEvery === Math.floor(brokenEvery / 2)
    if (isBroken) broken++
    const ordered = `${month}-${String(day).padStart(2, '0')} ${String(hour).padStart(2, '0')}:00:00`
    lines.push(`${ordered},${isBroken ? 'heavy' : mass.toFixed(2)},${depot},${late}`)
  }
  await writeFile(join(folder, `${name}.csv`), `${lines.join('\n')}\n`)
  return { good: rows - broken, broken }
}
