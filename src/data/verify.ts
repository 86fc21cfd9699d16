import { isRefitError } from '../errors.js'
import type { Commit, PositionedCommit, Receipt } from './commit.js'
import { type DataContext, withDuckDb } from './context.js'
import { commitsOf, datasetLog } from './dataset-log.js'
import { reasonsLeft, rowsOf, takesOf, takesReason, waitingBatches } from './quarantine.js'
import { storedDifferences } from './verify-stored.js'

/** The account of a dataset, recomputed. `rowsIn` is the sum of the five places that a row can be in. */
export interface Accounting {
  /** Whether every row is where the receipts say. */
  readonly holds: boolean
  /** Batches that a source handed over. */
  readonly batches: number
  /** Those of them that cannot be read, and wait in quarantine as bytes. */
  readonly unreadable: number
  readonly rowsIn: number
  readonly kept: number
  /** Rows that wait in quarantine now: what a person released or dropped is no longer there. */
  readonly quarantined: number
  readonly duplicates: number
  readonly dropped: number
  readonly erased: number
  /** What does not hold, one sentence each. */
  readonly differences: readonly string[]
}

/**
 * Recomputes the account of a dataset from the stored bytes. The log has no gap and each receipt adds up. Each object has the
 * digest that was committed; a partition holds the rows and spans the times that the commit says, no two rows of one key
 * among them; a quarantine holds the rows of each reason. A duplicate batch was committed before. What was taken out of
 * quarantine was there, and was taken once. It cannot count the duplicates of single rows again: nobody keeps them.
 */
export async function verifyAccounting(context: DataContext, dataset: string): Promise<Accounting> {
  const differences: string[] = []
  const commits = await readCommits(context, dataset, differences)
  await withDuckDb(context, { readable: [] }, async (duckDb) => {
    for (const [index, commit] of commits.entries()) {
      const earlier = commits.slice(0, index)
      const found = [
        ...(commit.seq === index + 1 ? [] : [`expected number ${index + 1}`]),
        ...sumDifferences(commit.receipt),
        ...duplicateDifferences(commit, earlier),
        ...takenDifferences(commit, earlier),
        ...(await storedDifferences({ context, duckDb }, commit, earlier)),
      ]
      differences.push(...found.map((text) => `commit ${commit.seq} (${commit.source.path}): ${text}`))
    }
  })
  const sums = addUp(commits)
  const places = sums.kept + sums.quarantined + sums.duplicates + sums.dropped + sums.erased
  if (places !== sums.rowsIn) differences.push(`all: ${sums.rowsIn} rows came in, ${places} are in one of the places`)
  return { holds: differences.length === 0, ...sums, differences }
}

/** The commits up to the first one that cannot be read, which is a difference. */
async function readCommits(
  context: DataContext,
  dataset: string,
  differences: string[],
): Promise<readonly PositionedCommit[]> {
  const commits: PositionedCommit[] = []
  try {
    for await (const commit of commitsOf(datasetLog(context.storage, dataset))) commits.push(commit)
  } catch (thrown) {
    if (!isRefitError(thrown, 'StoreCorrupt')) throw thrown
    differences.push(`log: ${thrown.message}`)
  }
  return commits
}

/** Rows that were taken out of quarantine came in once, with their batch; only unreadable bytes were no rows before. */
function addUp(commits: readonly PositionedCommit[]): Omit<Accounting, 'holds' | 'differences'> {
  const sum = (part: 'rowsIn' | 'kept' | 'quarantined' | 'duplicates' | 'dropped' | 'erased', of = commits) =>
    of.reduce((total, { receipt }) => total + receipt[part], 0)
  const bytes = new Set(commits.flatMap(({ seq, receipt }) => (receipt.unreadable === undefined ? [] : [seq])))
  const moved = sum(
    'rowsIn',
    commits.filter(({ taken }) => taken !== undefined && !bytes.has(taken.of)),
  )
  return {
    batches: commits.filter(({ taken }) => taken === undefined).length,
    unreadable: waitingBatches(commits).filter(({ unreadable }) => unreadable !== null).length,
    rowsIn: sum('rowsIn') - moved,
    kept: sum('kept'),
    quarantined: sum('quarantined') - moved,
    duplicates: sum('duplicates'),
    dropped: sum('dropped'),
    erased: sum('erased'),
  }
}

function sumDifferences({
  rowsIn,
  kept,
  quarantined,
  duplicates,
  dropped,
  erased,
  reasons,
}: Receipt): readonly string[] {
  const sum = kept + quarantined + duplicates + dropped + erased
  const named = rowsOf(reasons)
  const parts = `${kept} kept + ${quarantined} quarantined + ${duplicates} duplicates + ${dropped} dropped + ${erased} erased`
  return [
    ...(sum === rowsIn ? [] : [`${rowsIn} rows came in, ${parts} are ${sum}`]),
    ...(named === quarantined ? [] : [`${quarantined} rows are in quarantine, reasons are given for ${named}`]),
  ]
}

/** A batch that came before is a duplicate whole; single rows are duplicates only by a key. */
function duplicateDifferences({ batch, receipt, key }: Commit, commits: readonly Commit[]): readonly string[] {
  const { duplicates } = receipt
  if (duplicates === 0 || key !== undefined) return []
  const earlier = commits.find(
    (other) => other.batch === batch && other.receipt.unreadable === undefined && other.taken?.verb !== 'drop',
  )
  if (earlier === undefined)
    return [`${duplicates} rows are called duplicates, but there is no key, and no earlier commit has these bytes`]
  if (earlier.receipt.rowsIn === duplicates) return []
  return [`${duplicates} rows are called duplicates, the earlier commit had ${earlier.receipt.rowsIn}`]
}

/** What is taken was in the quarantine of an earlier commit of the same batch, and nobody had taken it. */
function takenDifferences(commit: PositionedCommit, earlier: readonly PositionedCommit[]): readonly string[] {
  const { taken, receipt, batch } = commit
  if (taken === undefined) return []
  const origin = earlier.find(({ seq }) => seq === taken.of)
  if (origin === undefined) return [`its rows come from commit ${taken.of}, which is not before it`]
  const before = takesOf(earlier).get(taken.of) ?? []
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

function movedDifferences({ taken, receipt }: Commit, left: Readonly<Record<string, number>>): readonly string[] {
  const rule = taken?.rule ?? null
  const rows = rowsOf(Object.fromEntries(Object.entries(left).filter(([reason]) => takesReason(rule, reason))))
  return rows === receipt.rowsIn
    ? []
    : [`${receipt.rowsIn} rows were taken from commit ${taken?.of}, ${rows} were there`]
}
