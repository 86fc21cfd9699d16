/** Which faults really happened, by kind and stage, and which of those that were planned never did. Pure. */
import { type Cell, cellsOn, cycleOf, type FaultKind, type StorageKind } from './cells.js'
import type { SeedResult } from './run-seed.js'

/** What happened over many seeds. */
export interface Coverage {
  /** How often, by `kind: stage` or `kind: side stage`. */
  readonly times: ReadonlyMap<string, number>
  /** Kinds of fault that a store of the run knows, and that never happened. */
  readonly idleKinds: readonly FaultKind[]
  /** Points of the process at which nothing happened. */
  readonly idlePoints: readonly string[]
  /** Pairs of kind and point that were never seen together. */
  readonly idleCells: readonly string[]
}

/** Adds up what happened on these kinds of store. */
export function coverageOf(results: readonly SeedResult[], stores: readonly StorageKind[]): Coverage {
  const times = new Map<string, number>()
  const fired = results.flatMap((result) => result.fired)
  for (const { kind, stage, side } of fired) {
    const name = `${kind}: ${side === undefined ? '' : `${side} `}${stage}`
    times.set(name, (times.get(name) ?? 0) + 1)
  }
  const cells = new Map(stores.flatMap((store) => cellsOn(store)).map((cell) => [nameOf(cell), cell]))
  const seen = new Set(fired.flatMap(({ kind, stage }) => [nameOf({ kind }), nameOf({ kind, point: stage })]))
  const points = new Set(fired.map(({ stage }) => stage))
  const unseen = <T>(list: readonly T[], isSeen: (one: T) => boolean) =>
    [...new Set(list)].filter((one) => !isSeen(one))
  return {
    times: new Map([...times].sort()),
    idleKinds: unseen(
      [...cells.values()].map(({ kind }) => kind),
      (kind) => seen.has(nameOf({ kind })),
    ),
    idlePoints: unseen(
      [...cells.values()].flatMap(({ point }) => point ?? []),
      (point) => points.has(point),
    ),
    idleCells: unseen([...cells.keys()], (name) => seen.has(name)),
  }
}

/** How many seeds it takes that every pair was planned, most of them twice. */
export const enoughSeeds = (stores: readonly StorageKind[]): number =>
  stores.length * Math.max(...stores.map((store) => cycleOf(store).length))

const nameOf = ({ kind, point }: Pick<Cell, 'kind'> & { readonly point?: string | undefined }): string =>
  point === undefined ? kind : `${kind} at ${point}`
