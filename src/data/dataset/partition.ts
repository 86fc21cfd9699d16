/** Partitions: where the rows of commits are at one position of a dataset's log. */
import type { ObjectRef } from '../../storage/objects.js'

/** The rows of one commit, as a part of a partition. */
export interface Piece {
  /** Number of the commit. */
  readonly commit: number
  /** Place of the commit among those that kept rows, from 0. It never changes, and orders all rows of a dataset. */
  readonly ordinal: number
  readonly rows: number
  /** Event time of the first and the last row, ISO 8601. */
  readonly from: string
  readonly to: string
  /** What was counted of the rows. */
  readonly profile?: ObjectRef | undefined
}

/** A Parquet object and whose rows are read from it. */
export interface Partition {
  /** Number of the entry that made it: a commit, or what rewrote earlier partitions. */
  readonly entry: number
  readonly object: ObjectRef
  /** In the order of the log, one at least. */
  readonly pieces: readonly Piece[]
  /** Whether the rows carry their own position, as `_file` and `_position`: those of several commits do. */
  readonly isRewritten: boolean
}

/** Rows that are read from a partition. */
export const rowsIn = ({ pieces }: Pick<Partition, 'pieces'>): number => pieces.reduce((sum, { rows }) => sum + rows, 0)

/** Whether the object holds rows besides those that are meant: of commits after the position that is looked at. */
export const isPartial = (partition: Partition): boolean =>
  partition.isRewritten && partition.object.rows !== rowsIn(partition)

/** The event times that partitions span, ISO 8601; null for no rows. */
export function spanOf(pieces: readonly Pick<Piece, 'from' | 'to'>[]): {
  readonly from: string | null
  readonly to: string | null
} {
  // ISO 8601 in UTC sorts as text, but for a fraction that one time has and another has not.
  const byTime = (one: string, other: string) => Date.parse(one) - Date.parse(other) || (one < other ? -1 : 1)
  return {
    from: pieces.map(({ from }) => from).sort(byTime)[0] ?? null,
    to:
      pieces
        .map(({ to }) => to)
        .sort(byTime)
        .at(-1) ?? null,
  }
}

/** The partitions with the rows of some commits only; a partition without any is left out. */
export function ofCommits(
  partitions: readonly Partition[],
  isMeant: (commit: number) => boolean,
): readonly Partition[] {
  return partitions.flatMap((partition) => {
    const pieces = partition.pieces.filter(({ commit }) => isMeant(commit))
    return pieces.length === 0 ? [] : [{ ...partition, pieces }]
  })
}
