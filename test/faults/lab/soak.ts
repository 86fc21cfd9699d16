/** `npm run soak`: many seeds through the laboratory, and what they came to as a measurement. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type BenchLine, figureOf, type Measure, machine, median } from '../../../bench/support/bench-line.js'
import { runLaboratory } from './laboratory.js'
import { isFine, type SeedResult } from './run-seed.js'
import { type FaultKind, kindsOn, type StorageKind } from './schedule.js'

const Arguments = z.strictObject({
  seeds: z.coerce.number().int().positive().default(100),
  first: z.coerce.number().int().nonnegative().default(0),
  storage: z.enum(['local', 's3', 'both']).default('both'),
  lanes: z.coerce.number().int().positive().default(2),
  out: z.string().min(1).default('.refit/soak.json'),
})
type Arguments = z.infer<typeof Arguments>

/** From so many seeds on, a kind of fault that never happened means that the laboratory does not do what it says. */
const ENOUGH_SEEDS = 100

/** What a soak ends with. */
export interface Soak {
  readonly line: BenchLine
  readonly exitCode: 0 | 1
}

/** Runs `--seeds N [--first K] [--storage local|s3|both] [--lanes L] [--out FILE]`; L lanes for each kind of store. */
export async function soak(args: readonly string[]): Promise<Soak> {
  const text = { type: 'string' } as const
  const options = { seeds: text, first: text, storage: text, lanes: text, out: text }
  const asked = Arguments.parse({ ...parseArgs({ args: [...args], options }).values })
  const seeds = seedsOf(asked)
  // Ends by `exit`, which ends the servers and workers, too.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  let done = 0
  const results = await runLaboratory({
    seeds,
    lanes: asked.lanes,
    report(result) {
      done++
      process.stderr.write(`${done}/${seeds.length} ${describeSeed(result)}\n`)
      return undefined
    },
  })
  const line = lineOf(asked, results)
  const failed = results.filter((result) => !isFine(result)).map(({ fired: _, ...rest }) => rest)
  await mkdir(dirname(asked.out), { recursive: true })
  await writeFile(asked.out, `${JSON.stringify({ ...line, failed }, null, 2)}\n`)
  const idle = kindsThatNeverFired(asked, results)
  if (idle.length > 0) process.stderr.write(`\nNEVER HAPPENED: ${idle.join(', ')}\n`)
  const isPoor = failed.length > 0 || (idle.length > 0 && asked.seeds >= ENOUGH_SEEDS)
  return { line, exitCode: isPoor ? 1 : 0 }
}

function seedsOf({ seeds, first, storage }: Arguments): readonly { seed: number; storage: StorageKind }[] {
  return Array.from({ length: seeds }, (_, i) => {
    const seed = first + i
    const other: StorageKind = seed % 2 === 0 ? 'local' : 's3'
    return { seed, storage: storage === 'both' ? other : storage }
  })
}

/** One line on a seed: how it went and what happened; on failure also its schedule and the command that repeats it. */
export function describeSeed(result: SeedResult): string {
  const { schedule, fired, seconds, lost, doubled, stuck, broken } = result
  const faults = fired.map(({ kind, stage }) => `${kind} (${stage})`).join(', ')
  const head = `seed ${schedule.seed} ${schedule.storage} ${seconds.toFixed(1)} s: ${faults || 'no fault happened'}`
  if (isFine(result)) return head
  const findings = [
    ...(lost > 0 ? [`${lost} rows lost`] : []),
    ...(doubled > 0 ? [`${doubled} rows doubled`] : []),
    ...(stuck === undefined ? [] : [stuck]),
    ...broken,
  ]
  const again = `npm run soak -- --seeds 1 --first ${schedule.seed} --storage ${schedule.storage}`
  return `${head}\n  FAILED: ${findings.join('; ')}\n  schedule: ${JSON.stringify(schedule)}\n  again: ${again}`
}

function lineOf({ first, seeds }: Arguments, results: readonly SeedResult[]): BenchLine {
  const seconds = results.map((result) => result.seconds)
  return {
    name: 'soak',
    seed: first,
    machine: machine(),
    measures: [
      none(
        'lost',
        'rows',
        sum(results, ({ lost }) => lost),
      ),
      none(
        'doubled',
        'rows',
        sum(results, ({ doubled }) => doubled),
      ),
      none(
        'stuck',
        'seeds',
        sum(results, ({ stuck }) => (stuck === undefined ? 0 : 1)),
      ),
      none(
        'otherBrokenPromises',
        'seeds',
        sum(results, ({ broken }) => (broken.length === 0 ? 0 : 1)),
      ),
      figureOf({ name: 'seeds', unit: 'seeds' }, seeds),
      figureOf({ name: 'medianOfASeed', unit: 's' }, median(seconds)),
      figureOf({ name: 'longestSeed', unit: 's' }, Math.max(...seconds)),
    ],
    context: [...countFired(results)].sort().map(([name, value]) => ({ name, value, unit: 'times' })),
  }
}

const sum = (results: readonly SeedResult[], count: (result: SeedResult) => number) =>
  results.reduce((total, result) => total + count(result), 0)

/** A measure that is to be zero: there is nothing to compare it with. */
const none = (name: string, unit: string, value: number): Measure => ({
  name,
  unit,
  value,
  reference: null,
  ratio: null,
  goal: 0,
  holds: value === 0,
})

function countFired(results: readonly SeedResult[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { kind, stage } of results.flatMap(({ fired }) => fired)) {
    const name = `${kind}: ${stage}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

function kindsThatNeverFired({ storage }: Arguments, results: readonly SeedResult[]): readonly FaultKind[] {
  const stores: readonly StorageKind[] = storage === 'both' ? ['local', 's3'] : [storage]
  const possible = new Set(stores.flatMap(kindsOn))
  const happened = new Set(results.flatMap(({ fired }) => fired).map(({ kind }) => kind))
  return [...possible].filter((kind) => !happened.has(kind))
}
