/** What single stored objects hold, compared with what the log says of them. What the log removes is left alone. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { RefitError } from '../../errors.js'
import { type ObjectRef, objectFile, readJson } from '../../storage/objects.js'
import type { Commit, Receipt } from '../dataset/commit.js'
import type { Partition } from '../dataset/partition.js'
import { rowsOfPartitions } from '../dataset/snapshot-rows.js'
import type { DataContext, DuckDb } from '../engine/context.js'
import { isHostFailure, reasonOf } from '../engine/duckdb-error.js'
import { lendFile } from '../engine/lend-file.js'
import { Count, queryRows } from '../engine/query.js'
import { isoTime, parquetScan } from '../engine/sql.js'
import { StoredProfile } from '../profile/stored-profile.js'

/** One instance serves a whole verification: files are lent to it, and taken back. */
export interface Verifier {
  readonly context: DataContext
  readonly duckDb: DuckDb
  /** Whether the log says that an object is removed. */
  readonly isRemoved: (ref: ObjectRef) => boolean
}

/** The bytes of an unreadable batch are the batch: their digest is its identity. */
export async function bytesDifferences(verifier: Verifier, { batch, quarantine }: Commit): Promise<readonly string[]> {
  if (quarantine === undefined) return ['the bytes of the unreadable batch are not in quarantine']
  const other = quarantine.sha256 === batch ? [] : ['the bytes in quarantine are not those of the batch']
  if (verifier.isRemoved(quarantine)) return other
  const found = await differencesOf('quarantine', async () => {
    await objectFile(verifier.context.storage, quarantine)
    return []
  })
  return [...other, ...found]
}

/** What does not hold of a partition; `there` says which rows of which commits it holds. */
export function partitionDifferences(
  verifier: Verifier,
  { object, rows }: { readonly object: ObjectRef | undefined; readonly rows: number },
  there: Partition | undefined,
): Promise<readonly string[]> {
  return fileDifferences(verifier, { name: 'partition', ref: object, rows }, (file) =>
    there === undefined ? Promise.resolve([]) : pieceDifferences(verifier, there, file),
  )
}

/** What does not hold of the broken rows of a commit. */
export function quarantineDifferences(
  verifier: Verifier,
  ref: ObjectRef | undefined,
  receipt: Receipt,
): Promise<readonly string[]> {
  return fileDifferences(verifier, { name: 'quarantine', ref, rows: receipt.quarantined }, (file) =>
    reasonDifferences(verifier, receipt, file),
  )
}

/** What does not hold of the profile of `kept` rows. */
export async function profileDifferences(
  { context, isRemoved }: Verifier,
  ref: ObjectRef | undefined,
  kept: number,
): Promise<readonly string[]> {
  if (ref === undefined) return kept === 0 ? [] : ['profile: the partition has none']
  if (isRemoved(ref)) return []
  return differencesOf('profile', async () => {
    const { rows } = await readJson(context.storage, ref, StoredProfile)
    return rows === kept ? [] : [`it counts ${rows} rows of ${kept}`]
  })
}

interface Expected {
  readonly name: string
  readonly ref: ObjectRef | undefined
  readonly rows: number
}

/** Looks at an object as a file that the instance may read. */
async function fileDifferences(
  verifier: Verifier,
  { name, ref, rows }: Expected,
  look: (file: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if (ref === undefined) return rows === 0 ? [] : [`${name}: expected ${rows} rows, found no object`]
  if (verifier.isRemoved(ref)) return []
  return differencesOf(name, async () =>
    withLent(verifier, [await objectFile(verifier.context.storage, ref)], ([file = '']) => look(file)),
  )
}

/** Lends local files to the instance as long as they are used. */
export async function withLent<T>(
  { duckDb }: Verifier,
  paths: readonly string[],
  use: (files: readonly string[]) => Promise<T>,
): Promise<T> {
  const files: string[] = []
  try {
    for (const [index, path] of paths.entries()) files.push(await lendFile(duckDb, path, `lent-${index}.parquet`))
    return await use(files)
  } finally {
    for (const index of paths.keys()) await rm(join(duckDb.folder, `lent-${index}.parquet`), { force: true })
  }
}

/** A file that holds one commit has no more to say than how many rows it has, and when they happened. */
async function pieceDifferences({ duckDb }: Verifier, partition: Partition, file: string): Promise<readonly string[]> {
  const ordinal = partition.isRewritten ? 'CAST(_file AS INTEGER)' : String(partition.pieces[0]?.ordinal ?? 0)
  const found = await queryRows(
    duckDb.connection,
    `SELECT ordinal, rows, ${isoTime('first')} AS "from", ${isoTime('last')} AS "to" FROM (
      SELECT ${ordinal} AS ordinal, count(*) AS rows, min(_time) AS first, max(_time) AS last
      FROM ${rowsOfPartitions([partition], [file])} GROUP BY ALL)`,
    z.object({ ordinal: z.number(), rows: Count, from: z.string().nullable(), to: z.string().nullable() }),
  )
  const rowsOfCommit = new Map(found.map((piece) => [piece.ordinal, piece]))
  const span = (times: { readonly from: string | null; readonly to: string | null }) => `${times.from} to ${times.to}`
  const differences = partition.pieces.flatMap((expected) => {
    const { rows, ...times } = rowsOfCommit.get(expected.ordinal) ?? { rows: 0, from: null, to: null }
    rowsOfCommit.delete(expected.ordinal)
    const of = partition.isRewritten ? ` of commit ${expected.commit}` : ''
    return [
      ...(rows === expected.rows ? [] : [`expected ${expected.rows} rows${of}, found ${rows}`]),
      ...(span(times) === span(expected) ? [] : [`expected times ${span(expected)}${of}, found ${span(times)}`]),
    ]
  })
  const others = [...rowsOfCommit.values()].reduce((sum, { rows }) => sum + rows, 0)
  return others === 0 ? differences : [...differences, `${others} rows are of no commit that it holds`]
}

async function reasonDifferences({ duckDb }: Verifier, receipt: Receipt, file: string): Promise<readonly string[]> {
  const found = await queryRows(
    duckDb.connection,
    `SELECT COALESCE(_reason, 'no reason') AS reason, count(*) AS rows FROM ${parquetScan([file])} GROUP BY ALL ORDER BY ALL`,
    z.object({ reason: z.string(), rows: Count }),
  )
  const counted = new Map(found.map(({ reason, rows }) => [reason, rows]))
  const reasons = new Set([...Object.keys(receipt.reasons), ...counted.keys()])
  return [...reasons].flatMap((reason) => {
    const [expected, rows] = [receipt.reasons[reason] ?? 0, counted.get(reason) ?? 0]
    return expected === rows ? [] : [`expected ${expected} rows of reason "${reason}", found ${rows}`]
  })
}

/** A missing or damaged object is a difference; a store or a host that fails is none, and rejects. */
export async function differencesOf(name: string, check: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return (await check()).map((text) => `${name}: ${text}`)
  } catch (thrown) {
    return [`${name}: ${wordsOf(thrown)}`]
  }
}

function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof RefitError)) {
    if (isHostFailure(thrown)) throw thrown
    return `cannot be read: ${reasonOf(thrown)}`
  }
  if (thrown.code !== 'NotFound' && thrown.code !== 'StoreCorrupt') throw thrown
  return thrown.message
}
