/** What does not hold among the entries of a dataset's log, whatever the objects are. Each entry is looked at once. */
import type { PositionedCommit, Receipt } from '../dataset/commit.js'
import { isCommit, isRewrite, type PositionedEntry, type Rewrite } from '../dataset/dataset-entry.js'
import { RowsInPlaces } from '../dataset/dataset-state.js'
import { rowsIn } from '../dataset/partition.js'
import { reasonsLeft, rowsOf, takesReason } from '../quarantine/quarantine.js'

/** One sentence for each thing that does not hold, with the entry. */
export function logDifferences(entries: readonly PositionedEntry[]): readonly string[] {
  const ledger = new EarlierEntries()
  return entries.flatMap((entry, index) => {
    const gap = entry.seq === index + 1 ? [] : [`expected number ${index + 1}`]
    return [...gap, ...ledger.differences(entry)].map((text) => `${nameOf(entry)}: ${text}`)
  })
}

/** How a person finds an entry. */
export function nameOf({ seq, body }: PositionedEntry): string {
  if (isCommit(body)) return `commit ${seq} (${body.source.path})`
  return isRewrite(body) ? `entry ${seq} (${body.rewrite.verb})` : `entry ${seq} (removal)`
}

/** What is known of the entries before the one that is looked at. */
class EarlierEntries {
  readonly #commits = new Map<number, PositionedCommit>()
  /** Rows of the first commit that holds them, by the digest of their batch. */
  readonly #contents = new Map<string, number>()
  /** Rules of each leaving, by the commit that the rows left. */
  readonly #takes = new Map<number, (string | null)[]>()
  readonly #rows = new RowsInPlaces()

  differences({ seq, actor, body }: PositionedEntry): readonly string[] {
    if (isRewrite(body)) {
      const found = [...sumDifferences(body.receipt), ...this.#rewriteDifferences(body)]
      this.#rows.rewrite(seq, body)
      return found
    }
    if (!isCommit(body)) return []
    const commit = { ...body, seq, ingestedBy: actor }
    const found = [
      ...sumDifferences(body.receipt),
      ...this.#duplicateDifferences(commit),
      ...this.#takenDifferences(commit),
    ]
    this.#add(commit)
    return found
  }

  #add(commit: PositionedCommit): void {
    const { seq, batch, receipt, taken } = commit
    this.#commits.set(seq, commit)
    const holdsRows = receipt.unreadable === undefined && (taken === undefined || taken.verb === 'release')
    if (holdsRows && !this.#contents.has(batch)) this.#contents.set(batch, receipt.rowsIn)
    if (taken !== undefined) {
      const takes = this.#takes.get(taken.of) ?? []
      takes.push(taken.rule)
      this.#takes.set(taken.of, takes)
    }
    this.#rows.add(commit)
  }

  /** A batch that came before is a duplicate whole; single rows are duplicates only by a key. */
  #duplicateDifferences({ batch, receipt: { duplicates }, key }: PositionedCommit): readonly string[] {
    if (duplicates === 0 || key !== undefined) return []
    const earlier = this.#contents.get(batch)
    if (earlier === undefined)
      return [`${duplicates} rows are called duplicates, but there is no key, and no earlier commit has these bytes`]
    return earlier === duplicates ? [] : [`${duplicates} rows are called duplicates, the earlier commit had ${earlier}`]
  }

  /** What is taken was in the quarantine of an earlier commit of the same batch, and nobody had taken it. */
  #takenDifferences(commit: PositionedCommit): readonly string[] {
    const { taken, receipt, batch } = commit
    if (taken === undefined) return []
    const origin = this.#commits.get(taken.of)
    if (origin === undefined) return [`its rows come from commit ${taken.of}, which is not before it`]
    const before = this.#takes.get(taken.of) ?? []
    return [
      ...(origin.batch === batch ? [] : [`its rows come from commit ${taken.of}, which is of another batch`]),
      ...(origin.receipt.unreadable === undefined
        ? movedDifferences(commit, reasonsLeft(origin.receipt, before))
        : before.map(() => `the bytes of commit ${taken.of} were taken before`)),
      ...(taken.verb === 'drop' && receipt.dropped !== receipt.rowsIn
        ? [`${receipt.rowsIn} rows were taken to be dropped, ${receipt.dropped} were`]
        : []),
    ]
  }

  /** What it replaces was there, and every row of that is accounted for. */
  #rewriteDifferences({ rewrite, receipt, partition, shrunk }: Rewrite): readonly string[] {
    const { verb, of } = rewrite
    const replaced = of.map((entry) => [entry, this.#rows.at(entry)] as const)
    const found = replaced.reduce((sum, [, there]) => sum + (there === undefined ? 0 : rowsIn(there)), 0)
    const erased = shrunk.reduce((sum, part) => sum + part.erased, 0)
    const inPartition = partition?.rows ?? 0
    return [
      ...replaced.flatMap(([entry, there]) =>
        there === undefined ? [`it replaces the partition of entry ${entry}, which was not there any more`] : [],
      ),
      ...(found === receipt.rowsIn ? [] : [`it accounts for ${receipt.rowsIn} rows, ${found} were there`]),
      ...(inPartition === receipt.kept ? [] : [`${receipt.kept} rows are kept, its partition has ${inPartition}`]),
      ...(erased === receipt.erased ? [] : [`${receipt.erased} rows are erased, commits lost ${erased}`]),
      ...(receipt.dropped === 0 || verb === 'retire' ? [] : [`${verb} drops ${receipt.dropped} rows`]),
      ...(receipt.erased === 0 || verb === 'erase' ? [] : [`${verb} erases ${receipt.erased} rows`]),
    ]
  }
}

function sumDifferences(receipt: Receipt): readonly string[] {
  const { rowsIn, kept, quarantined, duplicates, dropped, erased, reasons } = receipt
  const sum = kept + quarantined + duplicates + dropped + erased
  const named = rowsOf(reasons)
  const parts = `${kept} kept + ${quarantined} quarantined + ${duplicates} duplicates + ${dropped} dropped + ${erased} erased`
  return [
    ...(sum === rowsIn ? [] : [`${rowsIn} rows came in, ${parts} are ${sum}`]),
    ...(named === quarantined ? [] : [`${quarantined} rows are in quarantine, reasons are given for ${named}`]),
  ]
}

function movedDifferences(
  { taken, receipt }: PositionedCommit,
  left: Readonly<Record<string, number>>,
): readonly string[] {
  const rule = taken?.rule ?? null
  const rows = rowsOf(Object.fromEntries(Object.entries(left).filter(([reason]) => takesReason(rule, reason))))
  return rows === receipt.rowsIn
    ? []
    : [`${receipt.rowsIn} rows were taken from commit ${taken?.of}, ${rows} were there`]
}
