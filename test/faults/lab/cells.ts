/**
 * What the seeds are about. Each pair of a kind of fault and a point of the process is a cell, and the first fault of each seed is
 * the next cell of a cycle: so no pair is left to chance, and so many seeds see each of them. Pure.
 */
import { seededRandom } from '../../../src/statistics/seeded-random.js'
import {
  POINTS,
  type Point,
  type PointFault,
  PROXY_KINDS,
  SPOOL_POINTS,
  TRAINING_POINTS,
  WORKER_KINDS,
} from './points.js'

/** Which store a seed runs on. */
export type StorageKind = 'local' | 's3'

/**
 * Faults from outside. `serverCrash`: the Temporal server is killed and started on its file. `signalsAgain`: wishes and ends of
 * runs are told several times. `signalsReordered`: later wishes come before earlier ones.
 */
export const OUTSIDE_KINDS = ['serverCrash', 'signalsAgain', 'signalsReordered'] as const
/** What a batch can be that is a fault by itself: bytes that nobody can read, or rows that came before. */
export const BATCH_FAULTS = ['poison', 'copy'] as const

/** Every kind of fault. */
export type FaultKind = PointFault['kind'] | (typeof OUTSIDE_KINDS)[number] | (typeof BATCH_FAULTS)[number]

/** A kind of fault at a point, or one that has none. */
export type Cell =
  | { readonly kind: PointFault['kind']; readonly point: Point }
  | { readonly kind: Exclude<FaultKind, PointFault['kind']>; readonly point?: undefined }

/** Limits the faults at points, and leaves out all others. */
export interface Only {
  readonly kinds: readonly PointFault['kind'][]
  readonly points: readonly Point[]
}

/** All cells of a kind of store, those first that are common to both. */
export function cellsOn(storage: StorageKind, only?: Only): readonly Cell[] {
  const onDisk = WORKER_KINDS.filter((kind) => storage === 'local' || kind !== 'powerCut')
  const atPoints: readonly Cell[] = [
    ...onDisk.flatMap((kind) => POINTS.map((point) => ({ kind, point }))),
    ...(storage === 's3' ? PROXY_KINDS.flatMap((kind) => REQUESTED_POINTS.map((point) => ({ kind, point }))) : []),
  ]
  if (only === undefined) return [...atPoints, ...[...OUTSIDE_KINDS, ...BATCH_FAULTS].map((kind) => ({ kind }))]
  const isMeant = ({ kind, point }: Cell) =>
    only.kinds.some((one) => one === kind) && only.points.some((one) => one === point)
  return atPoints.filter(isMeant)
}

/** The spool of the laboratory is on disk, so no request passes there. */
const REQUESTED_POINTS = POINTS.filter((point) => !SPOOL_POINTS.includes(point))

/** The cell that a seed is about. */
export function cellOf(seed: number, storage: StorageKind, only?: Only): Cell {
  const cycle = cycleOf(storage, only)
  const cell = cycle[seed % cycle.length]
  if (cell === undefined) throw new RangeError('no fault is left to choose from')
  return cell
}

const SHUFFLE_SEED = 4

/**
 * The cells in the order of the seeds. Shuffled, so that a few seeds are about many kinds; of odd length, so that every other
 * seed sees all of it, too.
 */
export function cycleOf(storage: StorageKind, only?: Only): readonly Cell[] {
  const cells = cellsOn(storage, only)
  const cycle = cells.flatMap((cell) => Array.from({ length: timesInCycle(cell) }, () => cell))
  const [first] = cycle
  return shuffled(cycle.length % 2 === 0 && first !== undefined ? [...cycle, first] : cycle)
}

/** Runs that train take several times as long as others; what has no point has one cell where other kinds have many. */
function timesInCycle({ point }: Cell): number {
  if (point === undefined) return 6
  return TRAINING_POINTS.includes(point) ? 1 : 2
}

function shuffled<T>(list: readonly T[]): readonly T[] {
  const random = seededRandom(SHUFFLE_SEED)
  const keyed = list.map((item) => ({ item, key: random() }))
  return keyed.toSorted((one, other) => one.key - other.key).map(({ item }) => item)
}
