/** No two kept rows have one key within its window, by the rule that the commit of the later one says. */
import type { Commit, KeyRule } from '../dataset/commit.js'
import type { PositionedEntry } from '../dataset/dataset-entry.js'
import { DAY_MS } from '../dataset/day.js'
import { ofCommits, type Partition, type Piece, spanOf } from '../dataset/partition.js'
import { rowsOfPartitions } from '../dataset/snapshot-rows.js'
import { countKeptRepeats } from '../ingestion/key-repeats.js'
import { nameOf } from './verify-log.js'
import { differencesOf, type Verifier, withLent } from './verify-stored.js'

type CommitEntry = PositionedEntry & { readonly body: Commit }

/** Repeats among the partitions that hold rows now, which are in the order of the log. */
export async function keyDifferences(
  verifier: Verifier,
  commits: ReadonlyMap<number, CommitEntry>,
  partitions: readonly Partition[],
): Promise<readonly string[]> {
  const ruled = partitions.filter(({ object }) => !verifier.isRemoved(object))
  const near = new Map<number, PartitionsByTime>()
  const differences: string[] = []
  for (const partition of ruled) {
    for (const { key, entry, part } of byRule(partition, commits)) {
      const byTime = near.get(key.windowDays) ?? new PartitionsByTime(ruled, key.windowDays * DAY_MS)
      near.set(key.windowDays, byTime)
      const earlier = byTime.near(part.pieces).filter((other) => firstOrdinal(other) <= firstOrdinal(partition))
      const found = await differencesOf('partition', () => repeats(verifier, { key, part, earlier }))
      differences.push(...found.map((text) => `${nameOf(entry)}: ${text}`))
    }
  }
  return differences
}

const firstOrdinal = ({ pieces }: Partition): number => pieces[0]?.ordinal ?? 0

interface RuledPart {
  readonly key: KeyRule
  /** The first commit of those that have the rule, which gives them a name. */
  readonly entry: CommitEntry
  readonly part: Partition
}

/** The rule may have changed from one commit to the next, and may no longer be that of the spec. */
function byRule(partition: Partition, commits: ReadonlyMap<number, CommitEntry>): readonly RuledPart[] {
  const rules = new Map<string, { key: KeyRule; entry: CommitEntry; commits: Set<number> }>()
  for (const { commit } of partition.pieces) {
    const entry = commits.get(commit)
    const key = entry?.body.key
    if (entry === undefined || key === undefined) continue
    const rule = rules.get(JSON.stringify(key)) ?? { key, entry, commits: new Set() }
    rule.commits.add(commit)
    rules.set(JSON.stringify(key), rule)
  }
  return [...rules.values()].flatMap(({ key, entry, commits }) =>
    ofCommits([partition], (commit) => commits.has(commit)).map((part) => ({ key, entry, part })),
  )
}

async function repeats(
  verifier: Verifier,
  { key, part, earlier }: { readonly key: KeyRule; readonly part: Partition; readonly earlier: readonly Partition[] },
): Promise<readonly string[]> {
  const { storage } = verifier.context
  // Each object's digest is looked at by itself, once.
  const paths = await Promise.all([part, ...earlier].map(({ object }) => storage.toLocalFile(object.uri)))
  return withLent(verifier, paths, async ([file = '', ...files]) => {
    const { inside, before } = await countKeptRepeats(verifier.duckDb, {
      key,
      file,
      files,
      here: rowsOfPartitions([part], [file]),
      there: files.length === 0 ? undefined : rowsOfPartitions(earlier, files),
    })
    const name = key.columns.join(', ')
    return [
      ...(inside === 0 ? [] : [`${inside} rows have the key (${name}) of another row there`]),
      ...(before === 0 ? [] : [`${before} rows have the key (${name}) of a row that was kept before`]),
    ]
  })
}

/** Partitions by stretches of time as long as a window, so that years of them are not compared with each other. */
class PartitionsByTime {
  readonly #stretches = new Map<number, Partition[]>()

  constructor(
    partitions: readonly Partition[],
    readonly windowMs: number,
  ) {
    for (const partition of partitions) {
      for (const stretch of this.#stretchesOf(partition.pieces, 0)) {
        const there = this.#stretches.get(stretch) ?? []
        there.push(partition)
        this.#stretches.set(stretch, there)
      }
    }
  }

  /** Those that may have a row within the window of one of these, in their order. */
  near(pieces: readonly Piece[]): readonly Partition[] {
    // Dates of JavaScript are cut to milliseconds: one more on each side.
    const found = new Set(this.#stretchesOf(pieces, this.windowMs + 1).flatMap((n) => this.#stretches.get(n) ?? []))
    return [...found].sort((one, other) => firstOrdinal(one) - firstOrdinal(other))
  }

  #stretchesOf(pieces: readonly Piece[], reachMs: number): readonly number[] {
    const { from, to } = spanOf(pieces)
    if (from === null || to === null) return []
    const length = Math.max(this.windowMs, DAY_MS)
    const first = Math.floor((Date.parse(from) - reachMs) / length)
    const last = Math.floor((Date.parse(to) + reachMs) / length)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  }
}
