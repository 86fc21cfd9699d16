/** What the stored objects of a commit say, held against the commit. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { RefitError } from '../errors.js'
import { type ObjectRef, objectFile, readJson } from '../storage/objects.js'
import type { PositionedCommit } from './commit.js'
import type { DataContext, DuckDb } from './context.js'
import { partitionIn } from './dataset-log.js'
import { isHostFailure, reasonOf } from './duckdb-error.js'
import { countKeptRepeats, partitionsNear } from './key-repeats.js'
import { lendFile } from './lend-file.js'
import { Count, queryRow, queryRows } from './query.js'
import { isoTime, parquetScan } from './sql.js'
import { StoredProfile } from './stored-profile.js'

/** One instance serves a whole verification: files are lent to it, and taken back. */
export interface Verifier {
  readonly context: DataContext
  readonly duckDb: DuckDb
}

/** What does not hold of the objects of a commit; `earlier` are those before it. */
export async function storedDifferences(
  verifier: Verifier,
  commit: PositionedCommit,
  earlier: readonly PositionedCommit[],
): Promise<readonly string[]> {
  const { receipt, partition, quarantine, profile } = commit
  if (receipt.unreadable !== undefined) return bytesDifferences(verifier, commit)
  return [
    ...(await fileDifferences(verifier, { name: 'partition', ref: partition, rows: receipt.kept }, async (file) => [
      ...(await partitionDifferences(verifier, commit, file)),
      ...(await keyDifferences(verifier, { commit, earlier, file })),
    ])),
    ...(await fileDifferences(verifier, { name: 'quarantine', ref: quarantine, rows: receipt.quarantined }, (file) =>
      quarantineDifferences(verifier, commit, file),
    )),
    ...(await profileDifferences(verifier, profile, receipt.kept)),
  ]
}

/** The bytes of an unreadable batch are the batch: their digest is its identity. */
async function bytesDifferences({ context }: Verifier, { batch, quarantine }: PositionedCommit) {
  if (quarantine === undefined) return ['the bytes of the unreadable batch are not in quarantine']
  const other = quarantine.sha256 === batch ? [] : ['the bytes in quarantine are not those of the batch']
  const found = await differencesOf('quarantine', async () => {
    await objectFile(context.storage, quarantine)
    return []
  })
  return [...other, ...found]
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
  return differencesOf(name, () => withLent(verifier, [ref], ([file = '']) => look(file)))
}

async function withLent<T>(
  { context, duckDb }: Verifier,
  refs: readonly ObjectRef[],
  use: (files: readonly string[]) => Promise<T>,
): Promise<T> {
  const names = refs.map(({ sha256 }, index) => `${index}-${sha256}-${refs.length}`)
  try {
    const files: string[] = []
    for (const [index, ref] of refs.entries()) {
      files.push(await lendFile(duckDb, await objectFile(context.storage, ref), names[index] ?? ''))
    }
    return await use(files)
  } finally {
    for (const name of names) await rm(join(duckDb.folder, name), { force: true })
  }
}

async function partitionDifferences({ duckDb }: Verifier, { receipt, from, to }: PositionedCommit, file: string) {
  const found = await queryRow(
    duckDb.connection,
    `SELECT rows, ${isoTime('first')} AS "from", ${isoTime('last')} AS "to" FROM (
      SELECT count(*) AS rows, min(_time) AS first, max(_time) AS last FROM ${parquetScan([file])})`,
    z.object({ rows: Count, from: z.string().nullable(), to: z.string().nullable() }),
  )
  const span = (times: { readonly from: string | null; readonly to: string | null }) => `${times.from} to ${times.to}`
  return [
    ...(found.rows === receipt.kept ? [] : [`expected ${receipt.kept} rows, found ${found.rows}`]),
    ...(span(found) === span({ from, to }) ? [] : [`expected times ${span({ from, to })}, found ${span(found)}`]),
  ]
}

/** By the key that the commit says, which may no longer be that of the spec. */
async function keyDifferences(
  verifier: Verifier,
  { commit, earlier, file }: { commit: PositionedCommit; earlier: readonly PositionedCommit[]; file: string },
) {
  const { key, from, to } = commit
  if (key === undefined || from === null || to === null) return []
  const near = partitionsNear(earlier.flatMap(partitionIn), { from, to, windowDays: key.windowDays })
  return withLent(
    verifier,
    near.map(({ partition }) => partition),
    async (files) => {
      const { inside, before } = await countKeptRepeats(verifier.duckDb, { key, file, files })
      const name = key.columns.join(', ')
      return [
        ...(inside === 0 ? [] : [`${inside} rows have the key (${name}) of another row there`]),
        ...(before === 0 ? [] : [`${before} rows have the key (${name}) of a row that was kept before`]),
      ]
    },
  )
}

async function quarantineDifferences({ duckDb }: Verifier, { receipt }: PositionedCommit, file: string) {
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

async function profileDifferences({ context }: Verifier, ref: ObjectRef | undefined, kept: number) {
  if (ref === undefined) return kept === 0 ? [] : ['profile: the partition has none']
  return differencesOf('profile', async () => {
    const { rows } = await readJson(context.storage, ref, StoredProfile)
    return rows === kept ? [] : [`it counts ${rows} rows of ${kept}`]
  })
}

/** A missing or damaged object is a difference; a store or a host that fails is none, and rejects. */
async function differencesOf(name: string, check: () => Promise<readonly string[]>): Promise<readonly string[]> {
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
