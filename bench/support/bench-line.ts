import { arch, cpus, platform, totalmem } from 'node:os'

/** One measured number, against a reference that was measured in the same run. */
export interface Measure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The same quantity of the reference; null when there is none. */
  readonly reference: number | null
  /** Value by reference. */
  readonly ratio: number | null
  /** What the ratio is to reach; null for information only. */
  readonly goal: number | null
  readonly holds: boolean | null
}

/** What a measurement ends with: one line of JSON. */
export interface BenchLine {
  readonly name: string
  readonly seed: number
  readonly machine: string
  readonly measures: readonly Measure[]
  /** Figures of others from elsewhere, for orientation: not measured in this run. */
  readonly context?: readonly { readonly name: string; readonly value: number; readonly unit: string }[]
}

/** A measure where more is better; `goal` is the least ratio. */
export function measureOf(
  given: Pick<Measure, 'name' | 'unit'>,
  value: number,
  reference: number,
  goal: number | null,
): Measure {
  return comparison({ ...given, value, reference, goal }, (ratio, least) => ratio >= least)
}

/** A measure where less is better; `goal` is the largest ratio. */
export function costOf(
  given: Pick<Measure, 'name' | 'unit'>,
  value: number,
  reference: number,
  goal: number | null,
): Measure {
  return comparison({ ...given, value, reference, goal }, (ratio, most) => ratio <= most)
}

function comparison(
  found: Omit<Measure, 'ratio' | 'holds'> & { readonly reference: number },
  isMet: (ratio: number, goal: number) => boolean,
): Measure {
  const ratio = found.value / found.reference
  return { ...found, ratio, holds: found.goal === null ? null : isMet(ratio, found.goal) }
}

/** A measure that nothing is compared with. */
export function figureOf(given: Pick<Measure, 'name' | 'unit'>, value: number): Measure {
  return { ...given, value, reference: null, ratio: null, goal: null, holds: null }
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}

/** The machine in a few words. */
export function machine(): string {
  const [cpu] = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} x ${cpu?.model ?? 'unknown CPU'}, ${gigabytes} GB, ${platform()} ${arch()}, Node ${process.version}`
}
