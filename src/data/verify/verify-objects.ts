/** What does not hold of the objects that a dataset's log names: each is there, whole, and holds what the log says. */

import { isCommit, isRemoval, isRewrite, type PositionedEntry } from '../dataset/dataset-entry.js'
import { RowsInPlaces, removedObjects, stateAt } from '../dataset/dataset-state.js'
import type { DataContext } from '../engine/context.js'
import { withDuckDb } from '../engine/context.js'
import { waitingBatches } from '../quarantine/quarantine.js'
import { keyDifferences } from './verify-keys.js'
import { nameOf } from './verify-log.js'
import {
  bytesDifferences,
  partitionDifferences,
  profileDifferences,
  quarantineDifferences,
  type Verifier,
} from './verify-stored.js'

/** One sentence for each thing that does not hold, with the entry. */
export async function objectDifferences(
  context: DataContext,
  entries: readonly PositionedEntry[],
): Promise<readonly string[]> {
  const removed = removedObjects(entries)
  const rows = new RowsInPlaces()
  return withDuckDb(context, { readable: [] }, async (duckDb) => {
    const verifier: Verifier = { context, duckDb, isRemoved: (ref) => removed.has(ref.uri) }
    const differences: string[] = []
    for (const entry of entries) {
      const found = await entryDifferences(verifier, rows, entry)
      differences.push(...found.map((text) => `${nameOf(entry)}: ${text}`))
    }
    const repeats = await keyDifferences(verifier, commitsOf(entries), rows.partitions())
    return [...differences, ...repeats, ...neededButRemoved(entries, removed)]
  })
}

const commitsOf = (entries: readonly PositionedEntry[]) =>
  new Map(entries.flatMap((entry) => (isCommit(entry.body) ? [[entry.seq, { ...entry, body: entry.body }]] : [])))

/** `rows` are the rows in their places before the entry, and become those after it. */
async function entryDifferences(
  verifier: Verifier,
  rows: RowsInPlaces,
  entry: PositionedEntry,
): Promise<readonly string[]> {
  const { seq, actor, body } = entry
  if (isRemoval(body)) return body.removed.verb === 'erase' ? stillThere(verifier, body.removed.objects) : []
  if (isRewrite(body)) {
    rows.rewrite(seq, body)
    const profiles = body.shrunk.map(({ profile, rows }) => profileDifferences(verifier, profile, rows))
    return [
      ...(await partitionDifferences(verifier, { object: body.partition, rows: body.receipt.kept }, rows.at(seq))),
      ...(await Promise.all(profiles)).flat(),
    ]
  }
  rows.add({ ...body, seq, ingestedBy: actor })
  const { receipt, partition, profile, quarantine } = body
  if (receipt.unreadable !== undefined) return bytesDifferences(verifier, body)
  return [
    ...(await partitionDifferences(verifier, { object: partition, rows: receipt.kept }, rows.at(seq))),
    ...(await quarantineDifferences(verifier, quarantine, receipt)),
    ...(await profileDifferences(verifier, profile, receipt.kept)),
  ]
}

/** Whoever erases may be interrupted between the entry and the objects. */
async function stillThere({ context }: Verifier, keys: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const key of keys) if ((await context.storage.stat(key)) !== undefined) found.push(key)
  return found.map((key) => `"${key}" was to be erased and is still there: run \`refit gc --yes\``)
}

/** Nothing that holds rows now may have been removed. */
function neededButRemoved(
  entries: readonly PositionedEntry[],
  removed: ReadonlyMap<string, number>,
): readonly string[] {
  const { commits, partitions } = stateAt(entries, entries.at(-1)?.seq ?? 0)
  const needed = [
    ...partitions.flatMap(({ object, pieces }) => [object, ...pieces.map(({ profile }) => profile)]),
    ...waitingBatches(commits).map(({ commit }) => commit.quarantine),
  ]
  return needed.flatMap((ref) => {
    const entry = removed.get(ref?.uri ?? '')
    return entry === undefined ? [] : [`entry ${entry} (removal): it removes "${ref?.uri}", which is needed`]
  })
}
