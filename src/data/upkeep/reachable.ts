/**
 * Which objects of a dataset somebody needs. Pure: it follows from the log, the positions that are to stay readable, and the
 * time. Needed are
 *
 * 1. what holds rows now, and their profiles;
 * 2. what waits in quarantine;
 * 3. for each position that is named, where its rows are: in the newest partition that they were rewritten to, and after they
 *    grew too old in the last one before that;
 * 4. what 1 and 2 would have said at any time since `since`: a run that began then may still read it.
 */
import type { PositionedCommit } from '../dataset/commit.js'
import { isCommit, isRewrite, type PositionedEntry } from '../dataset/dataset-entry.js'
import { RowsInPlaces } from '../dataset/dataset-state.js'
import { ofCommits, type Partition } from '../dataset/partition.js'
import { waitingBatches } from '../quarantine/quarantine.js'

/** What is to stay readable. */
export interface Keep {
  /** Positions of the log: of registered versions, and of runs. */
  readonly positions: readonly number[]
  /** What was needed after this time is needed still, ISO 8601. */
  readonly since: string
}

/** Keys of the objects that are needed. */
export function reachableObjects(entries: readonly PositionedEntry[], { positions, since }: Keep): ReadonlySet<string> {
  const head = entries.at(-1)?.seq ?? 0
  const recent = entries.find(({ at }) => at > since)?.seq ?? head + 1
  const needed = new Set<string>()
  const note = (partition: Partition) => {
    needed.add(partition.object.uri)
    for (const { profile } of partition.pieces) if (profile !== undefined) needed.add(profile.uri)
  }
  const rows = new RowsInPlaces()
  for (const entry of entries) {
    replay(rows, entry)
    // What was live before the first recent entry still was when that came; later only what entries made is new.
    if (entry.seq === recent - 1) for (const partition of rows.partitions()) note(partition)
    const made = entry.seq >= recent ? rows.at(entry.seq) : undefined
    if (made !== undefined) note(made)
  }
  for (const partition of retiredAfter(entries, positions)) note(partition)
  for (const uri of waitingSince(entries, recent - 1)) needed.add(uri)
  return needed
}

function replay(rows: RowsInPlaces, { seq, actor, body }: PositionedEntry): void {
  if (isRewrite(body)) rows.rewrite(seq, body)
  else if (isCommit(body)) rows.add({ ...body, seq, ingestedBy: actor })
}

/** Partitions that grew too old after one of the positions, with rows that were there at it. */
function retiredAfter(entries: readonly PositionedEntry[], positions: readonly number[]): readonly Partition[] {
  const rows = new RowsInPlaces()
  const found: Partition[] = []
  for (const entry of entries) {
    const { seq, body } = entry
    if (isRewrite(body) && body.rewrite.verb === 'retire') {
      const last = Math.max(0, ...positions.filter((position) => position < seq))
      const dropped = body.rewrite.of.flatMap((of) => rows.at(of) ?? [])
      found.push(...ofCommits(dropped, (commit) => commit <= last))
    }
    replay(rows, entry)
  }
  return found
}

/** Quarantine objects of which something waited at a position, or came after it. */
function waitingSince(entries: readonly PositionedEntry[], position: number): readonly string[] {
  const commits: PositionedCommit[] = entries.flatMap(({ seq, actor, body }) =>
    isCommit(body) ? [{ ...body, seq, ingestedBy: actor }] : [],
  )
  const then = waitingBatches(commits.filter(({ seq }) => seq <= position)).map(({ commit }) => commit)
  const later = commits.filter(({ seq }) => seq > position)
  return [...then, ...later].flatMap(({ quarantine }) => (quarantine === undefined ? [] : [quarantine.uri]))
}
