/** One seed, one schedule: what arrives, and what breaks when. Pure: the same seed gives the same schedule everywhere. */
import { type Cell, cellOf, cellsOn, type Only, type OUTSIDE_KINDS, type StorageKind } from './cells.js'
import { type Draw, drawFrom } from './draw.js'
import { drawBatches, extraBatch, type PlannedBatch, type Shape } from './planned-batches.js'
import { type Point, type PointFault, PUSH_POINTS, SPOOL_POINTS, TRAINING_POINTS } from './points.js'

/** A fault of the Temporal server or of its messages, `afterMs` after the run was asked for. */
export interface OutsideFault {
  readonly id: number
  readonly kind: (typeof OUTSIDE_KINDS)[number]
  readonly afterMs: number
}

/** One reproducible schedule. */
export interface Schedule extends Shape {
  readonly seed: number
  readonly storage: StorageKind
  readonly model: string
  readonly batches: readonly PlannedBatch[]
  readonly pointFaults: readonly PointFault[]
  readonly outsideFaults: readonly OutsideFault[]
}

const DAY_MS = 86_400_000

/** The schedule of a seed: a fault of the cell that it is about, at most two others, and the outage that a spool is for. */
export function scheduleOf(seed: number, storage: StorageKind, only?: Only): Schedule {
  const draw = drawFrom(seed)
  const cell = cellOf(seed, storage, only)
  const shape = shapeFor(draw, cell)
  const others = cellsOn(storage, only).filter((one) => goesWith(shape, one))
  const cells = [cell, ...Array.from({ length: draw.below(3) }, () => draw.one(others))]
  const batches = drawBatches(draw, shape)
  const pointFaults: PointFault[] = []
  const outsideFaults: OutsideFault[] = []
  for (const [id, { kind, point }] of cells.entries()) {
    if (kind === 'poison' || kind === 'copy') batches.push(extraBatch(draw, { kind, shape, batches }))
    else if (point === undefined) outsideFaults.push({ id, kind, afterMs: draw.below(1200) })
    else pointFaults.push(pointFault(draw, { id, kind, point, shape }))
  }
  const usesSpool = pointFaults.some(({ point }) => SPOOL_POINTS.includes(point))
  if (usesSpool || (shape.arrival === 'pushes' && draw.below(3) > 0)) {
    pointFaults.push({ ...OUTAGE, id: cells.length, ms: durationOf(draw, 'storeAway') })
  }
  return { seed, storage, model: `lab-${seed}`, ...shape, batches, pointFaults, outsideFaults }
}

/** The store is away from the first push on. */
const OUTAGE: Omit<PointFault, 'id' | 'ms'> = {
  kind: 'storeAway',
  point: 'inbox object',
  when: 'before',
  nth: 1,
  times: 1,
}

function shapeFor(draw: Draw, { point }: Cell): Shape {
  const needsPushes = point !== undefined && PUSH_POINTS.includes(point)
  if (point !== undefined && TRAINING_POINTS.includes(point)) return { trains: true, arrival: 'files', releases: false }
  const arrival = needsPushes || draw.below(4) === 0 ? 'pushes' : 'files'
  return { trains: false, arrival, releases: point === 'release' || draw.below(8) === 0 }
}

/** Whether a run of this shape passes the point of a fault. A batch that cannot be read is a reason not to train on it. */
function goesWith({ trains, arrival, releases }: Shape, { kind, point }: Cell): boolean {
  if (point === undefined) return kind !== 'poison' || !trains
  if (TRAINING_POINTS.includes(point)) return trains
  if (PUSH_POINTS.includes(point)) return arrival === 'pushes'
  return point !== 'release' || releases
}

interface Aim {
  readonly id: number
  readonly kind: PointFault['kind']
  readonly point: Point
  readonly shape: Shape
}

function pointFault(draw: Draw, { id, kind, point, shape }: Aim): PointFault {
  const when = draw.one(['before', 'after'] as const)
  const nth = 1 + draw.below(timesPassed(point, shape))
  return { id, kind, point, when, nth, ms: durationOf(draw, kind), times: 1 + draw.below(4) }
}

/** How often a point is passed at least by a process that lives on. */
function timesPassed(point: Point, { arrival }: Shape): number {
  switch (point) {
    case 'object':
      return 2
    case 'stage output':
      return 3
    case 'commit':
      return arrival === 'files' ? 2 : 1
    case 'spool object':
    case 'spool entry':
      return 3
    case 'inbox object':
    case 'inbox entry':
    case 'drain mark':
      return 2
    default:
      return 1
  }
}

/** Sleeps are shorter than the heartbeat allows, or longer: then another process takes over meanwhile. Few outages are long. */
function durationOf(draw: Draw, kind: PointFault['kind']): number {
  switch (kind) {
    case 'sleep':
      return draw.below(2) === 0 ? 500 : 6500
    case 'storeAway':
      return draw.one([300, 1000, 1000, 2000, 2000, 4000, 4000, 12_000])
    case 'clockJump':
      return (draw.below(2) === 0 ? -1 : 1) * (1 + draw.below(400)) * DAY_MS
    default:
      return 200 + draw.below(1500)
  }
}
