/** Erasing rows of partitions: what is left of one takes its place. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ModelSpec } from '../../spec/spec.js'
import { type ObjectRef, objectFile, putFile, putJson, readJson } from '../../storage/objects.js'
import { NO_ROWS } from '../dataset/commit.js'
import type { Rewrite } from '../dataset/dataset-entry.js'
import { datasetFolder, datasetLog } from '../dataset/dataset-log.js'
import { type Partition, rowsIn, spanOf } from '../dataset/partition.js'
import { columnsOfPartition, rowsOfPartitions } from '../dataset/snapshot-rows.js'
import { type DataContext, type DuckDb, withDuckDb } from '../engine/context.js'
import { Count, queryRows } from '../engine/query.js'
import { isoTime, sqlText } from '../engine/sql.js'
import { readBinsAt } from '../profile/bins.js'
import { profilePartition } from '../profile/profile.js'
import { StoredProfile } from '../profile/stored-profile.js'
import { appendRewrite } from './append-rewrite.js'
import { writePositioned } from './compact.js'
import { digestOf, isPersonTyped, type Person } from './person.js'

/** Whose rows to erase from a partition, and on whose behalf. */
export interface EraseRowsRequest {
  readonly dataset: string
  readonly person: Person
  readonly why: string
  readonly actor: string
  /** The spec by which a commit was validated: what is left of it is counted anew as it was counted then. */
  readonly specOf: (commit: number) => Promise<ModelSpec>
  readonly signal?: AbortSignal | undefined
}

/** Erases and gives the number of rows; `undefined` when somebody rewrote the partition meanwhile. */
export async function eraseRows(
  context: DataContext,
  partition: Partition,
  request: EraseRowsRequest,
): Promise<number | undefined> {
  const { dataset, person, signal, actor, why } = request
  const file = await objectFile(context.storage, partition.object)
  return withDuckDb({ ...context, threads: 1 }, { readable: [file], signal }, async (duckDb) => {
    const isMeant = isPersonTyped(person, await columnsOfPartition(duckDb, file))
    const relation = rowsOfPartitions([partition], [file])
    const left = `(SELECT * FROM ${relation} WHERE ${isMeant} IS NOT TRUE)`
    const work = { context, duckDb, request, partition, left }
    const counted = await countLeft(duckDb, partition, { relation, isMeant })
    const erased = counted.reduce((sum, part) => sum + part.erased, 0)
    if (erased === 0) return 0
    const kept = rowsIn(partition) - erased
    const path = join(duckDb.folder, 'left.parquet')
    if (kept > 0) await writePositioned(duckDb, left, { path, rows: kept })
    const lost = counted.filter((part) => part.erased > 0)
    const entry = await appendRewrite(datasetLog(context.storage, dataset), {
      actor,
      verb: 'erase',
      of: [partition.entry],
      async store(removed): Promise<Rewrite> {
        const isRemoved = (key: string) => removed[key] === true
        const options = { extension: '.parquet', rows: kept, isRemoved }
        const shrunk: Rewrite['shrunk'][number][] = []
        for (const part of lost) shrunk.push({ ...part, ...(await profileLeft(work, part, isRemoved)) })
        return {
          rewrite: { verb: 'erase', of: [partition.entry], why, request: digestOf(person) },
          receipt: { ...NO_ROWS, rowsIn: rowsIn(partition), kept, erased },
          ...(kept === 0
            ? {}
            : { partition: await putFile(context.storage, datasetFolder(dataset, 'partitions'), path, options) }),
          shrunk,
          ...spanOf(counted.flatMap(({ from, to }) => (from === null || to === null ? [] : [{ from, to }]))),
        }
      },
    })
    return entry === undefined ? undefined : erased
  })
}

/** What is left of a commit, without its profile. */
interface LeftOfCommit {
  readonly commit: number
  readonly erased: number
  readonly rows: number
  readonly from: string | null
  readonly to: string | null
}

async function countLeft(
  { connection }: DuckDb,
  partition: Partition,
  { relation, isMeant }: { readonly relation: string; readonly isMeant: string },
): Promise<readonly LeftOfCommit[]> {
  const left = `FILTER (${isMeant} IS NOT TRUE)`
  const counted = await queryRows(
    connection,
    `SELECT ordinal, erased, rows, ${isoTime('first')} AS "from", ${isoTime('last')} AS "to" FROM (
      SELECT CAST(_file AS INTEGER) AS ordinal, count(*) FILTER (${isMeant}) AS erased, count(*) ${left} AS rows,
        min(_time) ${left} AS first, max(_time) ${left} AS last FROM ${relation} GROUP BY ALL)`,
    z.object({
      ordinal: z.number(),
      erased: Count,
      rows: Count,
      from: z.string().nullable(),
      to: z.string().nullable(),
    }),
  )
  const commits = new Map(partition.pieces.map(({ ordinal, commit }) => [ordinal, commit]))
  return counted
    .map(({ ordinal, ...part }) => ({ commit: commits.get(ordinal) ?? 0, ...part }))
    .sort((one, other) => one.commit - other.commit)
}

interface Work {
  readonly context: DataContext
  readonly duckDb: DuckDb
  readonly request: EraseRowsRequest
  readonly partition: Partition
  /** A relation of the rows that are left. */
  readonly left: string
}

/** Counts what is left of a commit on the bins that it was counted on: profiles on others do not merge with the rest. */
async function profileLeft(
  { context, duckDb, request, partition, left }: Work,
  { commit, rows }: LeftOfCommit,
  isRemoved: (key: string) => boolean,
): Promise<{ readonly profile?: ObjectRef }> {
  const piece = partition.pieces.find((one) => one.commit === commit)
  if (rows === 0 || piece?.profile === undefined) return {}
  const { storage } = context
  const before = await readJson(storage, piece.profile, StoredProfile)
  const bins = await readBinsAt(storage, request.dataset, before.bins)
  const file = join(duckDb.folder, 'left-of-commit.parquet')
  const columns = 'SELECT * EXCLUDE (_file, _position)'
  await duckDb.connection.run(
    `COPY (${columns} FROM ${left} WHERE _file = ${piece.ordinal}) TO ${sqlText(file)} (FORMAT parquet)`,
  )
  try {
    const profile = await profilePartition(duckDb, { spec: await request.specOf(commit), file, bins })
    return { profile: await putJson(storage, datasetFolder(request.dataset, 'profiles'), profile, { isRemoved }) }
  } finally {
    await rm(file, { force: true })
  }
}
