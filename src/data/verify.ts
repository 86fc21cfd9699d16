import { RefitError } from '../errors.js'
import { type ObjectRef, objectFile, readJson } from '../storage/objects.js'
import type { Commit, PositionedCommit, Receipt } from './commit.js'
import { type DataContext, withDuckDb } from './context.js'
import { datasetLog } from './dataset-log.js'
import { parquetRows } from './query.js'
import { StoredProfile } from './stored-profile.js'

/** The account of a dataset, recomputed. */
export interface Accounting {
  /** Whether every row is where the receipts say. */
  readonly holds: boolean
  readonly batches: number
  readonly unreadable: number
  readonly rowsIn: number
  readonly kept: number
  readonly quarantined: number
  readonly duplicates: number
  /** What does not hold, one sentence each. */
  readonly differences: readonly string[]
}

/**
 * Recomputes the account of a dataset from the stored bytes: the log has no gap, each receipt adds up, each object has the
 * digest that was committed and holds the rows that the receipt says, and a duplicate's rows were committed before it.
 */
export async function verifyAccounting(context: DataContext, dataset: string): Promise<Accounting> {
  const differences: string[] = []
  const commits = await readCommits(context, dataset, differences)
  const before = new Map<string, Commit>()
  for (const [index, commit] of commits.entries()) {
    const found = [
      ...(commit.seq === index + 1 ? [] : [`expected number ${index + 1}`]),
      ...sumDifferences(commit.receipt),
      ...duplicateDifferences(commit, before.get(commit.batch)),
      ...(await objectDifferences(context, commit)),
    ]
    differences.push(...found.map((text) => `commit ${commit.seq} (${commit.source.path}): ${text}`))
    if (commit.receipt.unreadable === undefined && !before.has(commit.batch)) before.set(commit.batch, commit)
  }
  const sum = (part: 'rowsIn' | 'kept' | 'quarantined' | 'duplicates') =>
    commits.reduce((total, { receipt }) => total + receipt[part], 0)
  return {
    holds: differences.length === 0,
    batches: commits.length,
    unreadable: commits.filter(({ receipt }) => receipt.unreadable !== undefined).length,
    rowsIn: sum('rowsIn'),
    kept: sum('kept'),
    quarantined: sum('quarantined'),
    duplicates: sum('duplicates'),
    differences,
  }
}

/** The commits up to the first one that cannot be read, which is a difference. */
async function readCommits(
  context: DataContext,
  dataset: string,
  differences: string[],
): Promise<readonly PositionedCommit[]> {
  const commits: PositionedCommit[] = []
  try {
    for await (const entry of datasetLog(context.storage, dataset).entries()) {
      commits.push({ ...entry.body, seq: entry.seq, ingestedBy: entry.actor })
    }
  } catch (thrown) {
    if (!(thrown instanceof RefitError) || thrown.code !== 'StoreCorrupt') throw thrown
    differences.push(`log: ${thrown.message}`)
  }
  return commits
}

function sumDifferences({ rowsIn, kept, quarantined, duplicates, reasons }: Receipt): readonly string[] {
  const sum = kept + quarantined + duplicates
  const named = Object.values(reasons).reduce((total, rows) => total + rows, 0)
  return [
    ...(sum === rowsIn
      ? []
      : [`${rowsIn} rows came in, ${kept} kept + ${quarantined} quarantined + ${duplicates} duplicates are ${sum}`]),
    ...(named === quarantined ? [] : [`${quarantined} rows are in quarantine, reasons are given for ${named}`]),
  ]
}

function duplicateDifferences({ receipt }: Commit, earlier: Commit | undefined): readonly string[] {
  if (receipt.duplicates === 0) return []
  if (earlier === undefined)
    return [`${receipt.duplicates} rows are called duplicates, but no earlier commit has these bytes`]
  if (earlier.receipt.rowsIn === receipt.duplicates) return []
  return [`${receipt.duplicates} rows are called duplicates, the earlier commit had ${earlier.receipt.rowsIn}`]
}

async function objectDifferences(context: DataContext, commit: PositionedCommit): Promise<readonly string[]> {
  const { receipt, batch, partition, quarantine, profile } = commit
  if (receipt.unreadable !== undefined) return bytesDifferences(context, batch, quarantine)
  return [
    ...(await rowDifferences(context, { name: 'partition', ref: partition, expected: receipt.kept })),
    ...(await rowDifferences(context, { name: 'quarantine', ref: quarantine, expected: receipt.quarantined })),
    ...(await profileDifferences(context, profile, receipt.kept)),
  ]
}

/** The bytes of an unreadable batch are the batch: their digest is its identity. */
async function bytesDifferences(
  context: DataContext,
  batch: string,
  ref: ObjectRef | undefined,
): Promise<readonly string[]> {
  if (ref === undefined) return ['the bytes of the unreadable batch are not in quarantine']
  const other = ref.sha256 === batch ? [] : ['the bytes in quarantine are not those of the batch']
  return [...other, ...(await differencesOf('quarantine', async () => void (await objectFile(context.storage, ref))))]
}

async function rowDifferences(
  context: DataContext,
  { name, ref, expected }: { name: string; ref: ObjectRef | undefined; expected: number },
): Promise<readonly string[]> {
  if (ref === undefined) return expected === 0 ? [] : [`${name}: expected ${expected} rows, found no object`]
  return differencesOf(name, async () => {
    const file = await objectFile(context.storage, ref)
    const rows = await withDuckDb(context, { readable: [file] }, ({ connection }) => parquetRows(connection, file))
    return rows === expected ? undefined : `expected ${expected} rows, found ${rows}`
  })
}

async function profileDifferences(
  context: DataContext,
  ref: ObjectRef | undefined,
  kept: number,
): Promise<readonly string[]> {
  if (ref === undefined) return kept === 0 ? [] : ['profile: the partition has none']
  return differencesOf('profile', async () => {
    const { rows } = await readJson(context.storage, ref, StoredProfile)
    return rows === kept ? undefined : `it counts ${rows} rows of ${kept}`
  })
}

/** A missing or damaged object is a difference; a store that cannot answer is none, and rejects. */
async function differencesOf(name: string, check: () => Promise<string | undefined>): Promise<readonly string[]> {
  try {
    const found = await check()
    return found === undefined ? [] : [`${name}: ${found}`]
  } catch (thrown) {
    if (!(thrown instanceof RefitError) || (thrown.code !== 'NotFound' && thrown.code !== 'StoreCorrupt')) throw thrown
    return [`${name}: ${thrown.message}`]
  }
}
