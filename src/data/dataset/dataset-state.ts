/** What follows from a dataset's log: commits, and where their rows are. Pure: the same entries give the same state. */
import type { PositionedCommit, Snapshot } from './commit.js'
import { isCommit, isRemoval, isRewrite, type PositionedEntry, type Rewrite } from './dataset-entry.js'
import { type Partition, type Piece, rowsIn } from './partition.js'

/** What is known at a position of a log. */
export type DatasetState = Pick<Snapshot, 'commits' | 'partitions' | 'gone'>

/** Keys of all objects that the log says are removed, with the number of the entry that says so. */
export function removedObjects(entries: readonly PositionedEntry[]): ReadonlyMap<string, number> {
  const removed = new Map<string, number>()
  for (const { seq, body } of entries) {
    if (isRemoval(body)) for (const key of body.removed.objects) removed.set(key, seq)
  }
  return removed
}

/**
 * The state at position `seq`, given the whole log. Rows whose object was removed since are looked for where they were rewritten
 * to: the same rows after a compaction, fewer where some were erased, none where they grew too old.
 */
export function stateAt(entries: readonly PositionedEntry[], seq: number): DatasetState {
  const removed = removedObjects(entries)
  const rows = new RowsInPlaces()
  const commits: PositionedCommit[] = []
  for (const entry of entries) {
    const { body } = entry
    if (isRewrite(body)) {
      if (entry.seq <= seq) rows.rewrite(entry.seq, body)
      else if (rows.lacks(body, removed)) rows.rewriteLater(entry.seq, body)
    } else if (isCommit(body) && entry.seq <= seq) {
      const commit = { ...body, seq: entry.seq, ingestedBy: entry.actor }
      commits.push(commit)
      rows.add(commit)
    }
  }
  const partitions = rows.partitions()
  return { commits: withProfiles(commits, partitions), partitions, gone: rows.gone }
}

/** Where rows are, entry by entry. */
export class RowsInPlaces {
  readonly gone = { erased: 0, dropped: 0 }
  /** By the number of the entry that made them. */
  readonly #partitions = new Map<number, Partition>()
  #nextOrdinal = 0

  /** Takes a commit into account. */
  add({ seq, partition, receipt, profile, from, to }: PositionedCommit): void {
    if (partition === undefined || from === null || to === null) return
    const piece: Piece = { commit: seq, ordinal: this.#nextOrdinal++, rows: receipt.kept, from, to, profile }
    this.#partitions.set(seq, { entry: seq, object: partition, pieces: [piece], isRewritten: false })
  }

  /** The partition that an entry made, while its rows are there. */
  at(entry: number): Partition | undefined {
    return this.#partitions.get(entry)
  }

  /** Takes a rewrite into account. */
  rewrite(seq: number, { rewrite, partition, shrunk }: Rewrite): void {
    const left = new Map(shrunk.map((part) => [part.commit, part]))
    const pieces = rewrite.of
      .flatMap((entry) => this.#partitions.get(entry)?.pieces ?? [])
      .flatMap((piece) => {
        const part = left.get(piece.commit)
        if (part === undefined) return [piece]
        const { rows, from, to, profile } = part
        return from === null || to === null ? [] : [{ ...piece, rows, from, to, profile }]
      })
    for (const entry of rewrite.of) this.#partitions.delete(entry)
    if (partition === undefined || pieces.length === 0) return
    this.#partitions.set(seq, { entry: seq, object: partition, pieces: pieces.sort(byOrdinal), isRewritten: true })
  }

  /** As `rewrite`, for one after the position that is looked at: what it took away is gone. */
  rewriteLater(seq: number, body: Rewrite): void {
    const before = body.rewrite.of.reduce((sum, entry) => sum + rowsOf(this.#partitions.get(entry)), 0)
    this.rewrite(seq, body)
    const lost = before - rowsOf(this.#partitions.get(seq))
    if (body.rewrite.verb === 'retire') this.gone.dropped += lost
    else this.gone.erased += lost
  }

  /** Whether a rewrite replaced a partition that cannot be read any more. */
  lacks({ rewrite }: Rewrite, removed: ReadonlyMap<string, number>): boolean {
    return rewrite.of.some((entry) => removed.has(this.#partitions.get(entry)?.object.uri ?? ''))
  }

  /** In the order of the log. */
  partitions(): readonly Partition[] {
    return [...this.#partitions.values()].sort((one, other) => firstOrdinal(one) - firstOrdinal(other))
  }
}

const rowsOf = (partition: Partition | undefined): number => (partition === undefined ? 0 : rowsIn(partition))

const byOrdinal = (one: Piece, other: Piece) => one.ordinal - other.ordinal

const firstOrdinal = ({ pieces }: Partition): number => pieces[0]?.ordinal ?? 0

function withProfiles(
  commits: readonly PositionedCommit[],
  partitions: readonly Partition[],
): readonly PositionedCommit[] {
  const profiles = new Map(partitions.flatMap(({ pieces }) => pieces.map(({ commit, profile }) => [commit, profile])))
  return commits.map(({ profile: _, ...commit }) => {
    const profile = profiles.get(commit.seq)
    return profile === undefined ? commit : { ...commit, profile }
  })
}
