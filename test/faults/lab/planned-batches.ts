/** The batches of a schedule: which rows in which, and when they come. Pure. */
import type { BATCH_FAULTS } from './cells.js'
import type { Draw } from './draw.js'

/** What a seed is like besides its faults. */
export interface Shape {
  /** Whether the rows suffice for a first model, which is trained and promoted. */
  readonly trains: boolean
  /** How batches come. */
  readonly arrival: 'files' | 'pushes'
  /** Whether a wider limit is applied between the waves, and rows that keep it are released. */
  readonly releases: boolean
}

/** What is in a batch: rows; the bytes of the batch before it under another name; or bytes that nobody can read. */
export type BatchKind = 'rows' | 'copy' | (typeof POISON)[number]
const POISON = ['emptyFile', 'tornParquet', 'binary', 'unknownEnding'] as const

/** One batch of a schedule. */
export interface PlannedBatch {
  readonly kind: BatchKind
  /** Name of the file, or key of the push. */
  readonly name: string
  /** Id of its first row; the others follow. */
  readonly firstId: number
  readonly rows: number
  /** Every so manieth row is broken; 0 for none. */
  readonly brokenEvery: number
  /** The batch arrives before the first or the second run. */
  readonly wave: 1 | 2
  /** Who sends it, when it is pushed: each producer sends one batch after the other. */
  readonly producer: number
}

const TRAINING_ROWS = 4000
const PRODUCERS = 2

/** The batches of a schedule, as they would be without a fault. */
export function drawBatches(draw: Draw, { trains, arrival, releases }: Shape): PlannedBatch[] {
  const count = trains ? 2 : (arrival === 'pushes' ? 4 : 2) + draw.below(3)
  const batches: PlannedBatch[] = []
  let firstId = 1
  for (let i = 0; i < count; i++) {
    const rows = trains ? TRAINING_ROWS / count : 30 + draw.below(50)
    const brokenEvery = draw.below(2) === 0 && !(releases && i === 0) ? 0 : 19
    const isLate = !trains && i > 0 && (draw.below(4) === 0 || (releases && i === count - 1))
    const ending = arrival === 'pushes' && draw.below(2) === 0 ? 'jsonl' : 'csv'
    const producer = i % PRODUCERS
    batches.push({
      kind: 'rows',
      name: `batch-${i}.${ending}`,
      firstId,
      rows,
      brokenEvery,
      wave: isLate ? 2 : 1,
      producer,
    })
    firstId += rows
  }
  return batches
}

/** What a batch is added for. */
export interface Extra {
  readonly kind: (typeof BATCH_FAULTS)[number]
  readonly shape: Shape
  readonly batches: readonly PlannedBatch[]
}

/** A batch that is a fault by itself. */
export function extraBatch(draw: Draw, { kind, shape, batches }: Extra): PlannedBatch {
  const name = `extra-${batches.length}`
  if (kind === 'copy') {
    const original = draw.one(batches.filter((batch) => batch.kind === 'rows'))
    const ending = original.name.split('.').at(-1)
    // Whichever wave: a copy may come before what it is a copy of.
    return { ...original, kind: 'copy', name: `${name}.${ending}`, wave: shape.trains ? 1 : draw.one([1, 2] as const) }
  }
  // A push says what it is: there is none that does not.
  const poison = draw.one(shape.arrival === 'pushes' ? POISON.filter((one) => one !== 'unknownEnding') : POISON)
  const ending = { emptyFile: 'csv', tornParquet: 'parquet', binary: 'csv', unknownEnding: 'bin' }[poison]
  const nothing = { firstId: 0, rows: 0, brokenEvery: 0 }
  return { kind: poison, name: `${name}.${ending}`, ...nothing, wave: 1, producer: batches.length % PRODUCERS }
}
