/** `npm run soak`: many seeds through the laboratory, and what they came to as a measurement. */
import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type BenchLine, figureOf, type Measure, machine, median } from '../../../bench/support/bench-line.js'
import type { StorageKind } from './cells.js'
import { type Coverage, coverageOf, enoughSeeds } from './coverage.js'
import { runLaboratory, type SeedRequest } from './laboratory.js'
import { isFine, SEED_LIMIT_MS, type SeedResult } from './run-seed.js'
import { S3_SERVERS } from './s3-server.js'

const Arguments = z.strictObject({
  seeds: z.coerce.number().int().positive().default(100),
  first: z.coerce.number().int().nonnegative().default(0),
  storage: z.enum(['local', 's3', 'both']).default('both'),
  s3: z.enum(S3_SERVERS).default('ministack'),
  lanes: z.coerce.number().int().positive().default(2),
  out: z.string().min(1).default('.refit/soak.json'),
})
type Arguments = z.infer<typeof Arguments>

/** From so many seeds on, a kind of fault that never happened means that the laboratory does not do what it says. */
const ENOUGH_FOR_KINDS = 200

/** Seeds between two times that the result so far is written. */
const SAVE_EVERY = 25

/** What a soak ends with. */
export interface Soak {
  readonly line: BenchLine
  readonly exitCode: 0 | 1
}

/**
 * Runs `--seeds N [--first K] [--storage local|s3|both] [--s3 ministack|versitygw] [--lanes L] [--out FILE]`; L lanes for
 * each kind of store.
 */
export async function soak(args: readonly string[]): Promise<Soak> {
  const text = { type: 'string' } as const
  const options = { seeds: text, first: text, storage: text, s3: text, lanes: text, out: text }
  const asked = Arguments.parse({ ...parseArgs({ args: [...args], options }).values })
  const seeds = seedsOf(asked)
  // Ends by `exit`, which ends the servers and workers, too.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  const startedMs = performance.now()
  const soFar: SeedResult[] = []
  const save = () => {
    const seconds = (performance.now() - startedMs) / 1000
    const coverage = coverageOf(soFar, storesOf(asked))
    const line = lineOf(asked, { results: soFar, coverage, seconds })
    const failed = soFar.filter((result) => !isFine(result)).map(({ fired: _, ...rest }) => rest)
    writeFileSync(asked.out, `${JSON.stringify({ ...line, failed, neverHappened: coverage.idleCells }, null, 2)}\n`)
    return { line, coverage }
  }
  await mkdir(dirname(asked.out), { recursive: true })
  await runLaboratory({
    seeds,
    lanes: asked.lanes,
    s3Server: asked.s3,
    report(result) {
      soFar.push(result)
      process.stderr.write(`${soFar.length}/${seeds.length} ${describeSeed(result)}\n`)
      // Who stops a long soak keeps what it has shown.
      if (soFar.length % SAVE_EVERY === 0) save()
      return undefined
    },
  })
  const { line, coverage } = save()
  process.stderr.write(describeCoverage(coverage))
  return { line, exitCode: line.measures.some(({ holds }) => holds === false) ? 1 : 0 }
}

const storesOf = ({ storage }: Arguments): readonly StorageKind[] => (storage === 'both' ? ['local', 's3'] : [storage])

function seedsOf({ seeds, first, storage }: Arguments): readonly SeedRequest[] {
  return Array.from({ length: seeds }, (_, i) => {
    const seed = first + i
    const other: StorageKind = seed % 2 === 0 ? 'local' : 's3'
    return { seed, storage: storage === 'both' ? other : storage }
  })
}

/** One line on a seed: how it went and what happened; on failure also its schedule and the command that repeats it. */
export function describeSeed(result: SeedResult): string {
  const { schedule, fired, seconds, lost, doubled, stuck, broken } = result
  const faults = fired.map(({ kind, stage, side = 'in' }) => `${kind} (${side} ${stage})`).join(', ')
  const shape = [schedule.arrival, ...(schedule.trains ? ['trains'] : []), ...(schedule.releases ? ['releases'] : [])]
  const spooled = result.pushes.spooled === 0 ? '' : `, ${result.pushes.spooled} spooled`
  const head = `seed ${schedule.seed} ${schedule.storage} ${shape.join(' ')} ${seconds.toFixed(1)} s: ${faults || 'no fault happened'}${spooled}`
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

function describeCoverage({ times, idleKinds, idlePoints, idleCells }: Coverage): string {
  const list = (what: string, names: readonly string[]) =>
    names.length === 0 ? '' : `${what} that never happened: ${names.join(', ')}\n`
  const lines = [...times].map(([name, value]) => `${String(value).padStart(6)}  ${name}\n`)
  return `\n${lines.join('')}${list('kinds', idleKinds)}${list('points', idlePoints)}${list('pairs', idleCells)}`
}

interface Outcome {
  readonly results: readonly SeedResult[]
  readonly coverage: Coverage
  readonly seconds: number
}

function lineOf(asked: Arguments, { results, coverage, seconds }: Outcome): BenchLine {
  const sum = (count: (result: SeedResult) => number) => results.reduce((total, result) => total + count(result), 0)
  const all = results.map((result) => result.seconds)
  const pushes = (how: 'stored' | 'spooled') => sum((result) => result.pushes[how])
  const { idleKinds, idlePoints, idleCells, times } = coverage
  const isEnough = results.length >= ENOUGH_FOR_KINDS
  const isEnoughForPairs = results.length >= enoughSeeds(storesOf(asked))
  return {
    name: 'soak',
    seed: asked.first,
    machine: machine(),
    measures: [
      none(
        { name: 'lost', unit: 'rows' },
        sum(({ lost }) => lost),
      ),
      none(
        { name: 'doubled', unit: 'rows' },
        sum(({ doubled }) => doubled),
      ),
      none(
        { name: 'stuck', unit: 'seeds' },
        sum(({ stuck }) => (stuck === undefined ? 0 : 1)),
      ),
      none(
        { name: 'otherBrokenPromises', unit: 'seeds' },
        sum(({ broken }) => (broken.length === 0 ? 0 : 1)),
      ),
      unlessFew({ name: 'kindsThatNeverHappened', unit: 'kinds' }, idleKinds.length, isEnough),
      unlessFew({ name: 'pointsWithoutFault', unit: 'points' }, idlePoints.length, isEnough),
      unlessFew({ name: 'pairsThatNeverHappened', unit: 'pairs' }, idleCells.length, isEnoughForPairs),
      figureOf({ name: 'seeds', unit: 'seeds' }, results.length),
      figureOf(
        { name: 'faults', unit: 'times' },
        sum(({ fired }) => fired.length),
      ),
      figureOf({ name: 'pushesStored', unit: 'pushes' }, pushes('stored')),
      figureOf({ name: 'pushesSpooled', unit: 'pushes' }, pushes('spooled')),
      figureOf({ name: 'secondsForEachSeed', unit: 's' }, seconds / results.length),
      figureOf({ name: 'medianOfASeed', unit: 's' }, median(all)),
      figureOf({ name: 'longestSeed', unit: 's' }, Math.max(...all)),
      figureOf({ name: 'limitOfASeed', unit: 's' }, SEED_LIMIT_MS / 1000),
    ],
    context: [...times].map(([name, value]) => ({ name, value, unit: 'times' })),
  }
}

/** A measure that is to be zero: there is nothing to compare it with. */
const none = (given: Pick<Measure, 'name' | 'unit'>, value: number): Measure => ({
  ...given,
  value,
  reference: null,
  ratio: null,
  goal: 0,
  holds: value === 0,
})

/** As `none`, where there were seeds enough to see it. */
const unlessFew = (given: Pick<Measure, 'name' | 'unit'>, value: number, isEnough: boolean): Measure =>
  isEnough ? none(given, value) : figureOf(given, value)
