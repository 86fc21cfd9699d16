/** One seed, one schedule: what arrives, and what breaks when. Pure: the same seed gives the same schedule everywhere. */
import { seededRandom } from '../../../src/statistics/seeded-random.js'
import { POINTS, type PointFault, PROXY_KINDS, TRAINING_POINTS, WORKER_KINDS } from './points.js'

/** Which store a seed runs on. */
export type StorageKind = 'local' | 's3'

/** What is in a batch: rows; the bytes of the batch before it under another name; or bytes that nobody can read. */
export type BatchKind = 'rows' | 'copy' | 'emptyFile' | 'tornParquet' | 'binary' | 'unknownEnding'

/** One batch of a schedule. */
export interface PlannedBatch {
  readonly kind: BatchKind
  readonly name: string
  /** Id of its first row; the others follow. */
  readonly firstId: number
  readonly rows: number
  /** Every so manieth row is broken; 0 for none. */
  readonly brokenEvery: number
  /** The batch arrives before the first or the second run. */
  readonly wave: 1 | 2
}

/** A fault of the Temporal server or of its messages, `afterMs` after the run was asked for. */
export interface OutsideFault {
  readonly id: number
  readonly kind: (typeof OUTSIDE_KINDS)[number]
  readonly afterMs: number
}

/** Faults from outside. `serverCrash`: killed and started on its file. `triggers`: the same wishes, again and in another order. */
export const OUTSIDE_KINDS = ['serverCrash', 'triggers'] as const
/** What a batch can be that is a fault by itself. */
export const BATCH_FAULTS = ['poison', 'copy'] as const

/** Every kind of fault. */
export type FaultKind = PointFault['kind'] | OutsideFault['kind'] | (typeof BATCH_FAULTS)[number]

/** One reproducible schedule. */
export interface Schedule {
  readonly seed: number
  readonly storage: StorageKind
  readonly model: string
  /** Whether the rows suffice for a first model, which is trained and promoted. */
  readonly trains: boolean
  readonly batches: readonly PlannedBatch[]
  readonly pointFaults: readonly PointFault[]
  readonly outsideFaults: readonly OutsideFault[]
}

/** Kinds of fault that can happen on a store. */
export function kindsOn(storage: StorageKind): readonly FaultKind[] {
  const onDisk = WORKER_KINDS.filter((kind) => storage === 'local' || kind !== 'powerCut')
  return [...onDisk, ...(storage === 's3' ? PROXY_KINDS : []), ...OUTSIDE_KINDS, ...BATCH_FAULTS]
}

/** One run in so many trains. */
const TRAINS_EVERY = 10
const TRAINING_ROWS = 4000
const POISON = ['emptyFile', 'tornParquet', 'binary', 'unknownEnding'] as const
const DAY_MS = 86_400_000

/** The schedule of a seed. `only` limits the kinds at points of the worker and the proxy. */
export function scheduleOf(seed: number, storage: StorageKind, only?: readonly PointFault['kind'][]): Schedule {
  const draw = drawFrom(seed)
  const trains = draw.below(TRAINS_EVERY) === 0
  const batches = drawBatches(draw, trains)
  const pointFaults: PointFault[] = []
  const outsideFaults: OutsideFault[] = []
  const kinds = kindsOn(storage).filter((kind) => only === undefined || only.some((one) => one === kind))
  const count = 1 + draw.below(4)
  for (let id = 0; id < count; id++) {
    const kind = draw.one(kinds)
    if (kind === 'poison' || kind === 'copy') batches.push(extraBatch(draw, kind, batches))
    else if (kind === 'serverCrash' || kind === 'triggers') {
      outsideFaults.push({ id, kind, afterMs: draw.below(1200) })
    } else pointFaults.push(pointFault(draw, { id, kind, trains }))
  }
  return { seed, storage, model: `lab-${seed}`, trains, batches, pointFaults, outsideFaults }
}

function drawBatches(draw: Draw, trains: boolean): PlannedBatch[] {
  const count = trains ? 2 : 2 + draw.below(4)
  const batches: PlannedBatch[] = []
  let firstId = 1
  for (let i = 0; i < count; i++) {
    const rows = trains ? TRAINING_ROWS / count : 20 + draw.below(60)
    const brokenEvery = draw.below(2) === 0 ? 0 : 19
    const wave = !trains && i > 0 && draw.below(3) === 0 ? 2 : 1
    batches.push({ kind: 'rows', name: `batch-${i}.csv`, firstId, rows, brokenEvery, wave })
    firstId += rows
  }
  return batches
}

function extraBatch(draw: Draw, fault: (typeof BATCH_FAULTS)[number], batches: readonly PlannedBatch[]): PlannedBatch {
  const name = `extra-${batches.length}`
  const original = draw.one(batches.filter(({ kind }) => kind === 'rows'))
  if (fault === 'copy') return { ...original, kind: 'copy', name: `${name}.csv`, wave: draw.below(2) === 0 ? 1 : 2 }
  const kind = draw.one(POISON)
  const ending = { emptyFile: 'csv', tornParquet: 'parquet', binary: 'csv', unknownEnding: 'bin' }[kind]
  return { kind, name: `${name}.${ending}`, firstId: 0, rows: 0, brokenEvery: 0, wave: 1 }
}

function pointFault(
  draw: Draw,
  { id, kind, trains }: { readonly id: number; readonly kind: PointFault['kind']; readonly trains: boolean },
): PointFault {
  const points = trains ? POINTS : POINTS.filter((one) => !TRAINING_POINTS.includes(one))
  const point = draw.one(points)
  const nth = 1 + draw.below(point === 'object' || point === 'commit' || point === 'stage output' ? 4 : 1)
  const when = draw.one(['before', 'after'] as const)
  return { id, kind, point, when, nth, ms: durationOf(draw, kind), times: 1 + draw.below(4) }
}

/** Sleeps are shorter than the heartbeat allows, or longer: then another worker takes over meanwhile. */
function durationOf(draw: Draw, kind: PointFault['kind']): number {
  switch (kind) {
    case 'sleep':
      return draw.below(2) === 0 ? 500 : 6500
    case 'clockJump':
      return (draw.below(2) === 0 ? -1 : 1) * (1 + draw.below(400)) * DAY_MS
    default:
      return 200 + draw.below(1500)
  }
}

interface Draw {
  /** An integer from 0 on, below the bound. */
  below(bound: number): number
  one<T>(list: readonly T[]): T
}

function drawFrom(seed: number): Draw {
  const random = seededRandom(seed)
  const below = (bound: number) => Math.floor(random() * bound)
  return {
    below,
    one(list) {
      const found = list[below(list.length)]
      if (found === undefined) throw new RangeError('nothing to draw from')
      return found
    },
  }
}
