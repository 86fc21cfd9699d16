/** What was erased after a model had learned from it. Pure: it follows from the log. */
import { isRemoval, isRewrite, type PositionedEntry } from '../dataset/dataset-entry.js'

/** Rows that were at a position of the log, and were erased since. */
export interface ErasedSince {
  /** Commits that they were of, in order. */
  readonly commits: readonly number[]
  /** Rows, as far as they belonged to the dataset when they were erased: what had grown too old before is not counted. */
  readonly rows: number
  /** Entries by which they were erased. */
  readonly entries: readonly number[]
}

/**
 * What was erased of the rows at a position, by entries after `seen`; since the position unless given. A model that was trained
 * there has learned from it, and its rows cannot all be read again.
 */
export function erasedSince(
  entries: readonly PositionedEntry[],
  position: number,
  seen: number = position,
): ErasedSince {
  const commits = new Set<number>()
  const by = new Set<number>()
  let rows = 0
  for (const { seq, body } of entries) {
    if (seq <= Math.max(position, seen)) continue
    const lost = isRewrite(body) ? body.shrunk.filter(({ commit }) => commit <= position) : []
    const named = isRemoval(body) ? (body.removed.commits ?? []).filter((commit) => commit <= position) : []
    for (const commit of [...lost.map((part) => part.commit), ...named]) commits.add(commit)
    if (lost.length + named.length > 0) by.add(seq)
    rows += lost.reduce((sum, { erased }) => sum + erased, 0)
  }
  return { commits: [...commits].sort((a, b) => a - b), rows, entries: [...by] }
}
