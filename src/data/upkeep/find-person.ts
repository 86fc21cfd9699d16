/** Where rows of a person are: in every object that the log names and that was not removed, whether it is needed or not. */
import { rm } from 'node:fs/promises'
import { z } from 'zod'
import { isRefitError } from '../../errors.js'
import type { ModelSpec } from '../../spec/spec.js'
import type { ObjectRef } from '../../storage/objects.js'
import type { PositionedCommit } from '../dataset/commit.js'
import { isCommit, isRewrite, type PositionedEntry } from '../dataset/dataset-entry.js'
import { RowsInPlaces, removedObjects } from '../dataset/dataset-state.js'
import type { Partition } from '../dataset/partition.js'
import { columnsOfPartition, rowsOfPartitions } from '../dataset/snapshot-rows.js'
import { type DataContext, type DuckDb, withDuckDb } from '../engine/context.js'
import { lendFile } from '../engine/lend-file.js'
import { Count, parquetColumns, queryRows } from '../engine/query.js'
import { parquetScan } from '../engine/sql.js'
import { waitingBatches } from '../quarantine/quarantine.js'
import { isPersonAsText, isPersonTyped, type Person } from './person.js'

/** A partition with rows of a person. */
export interface FoundPartition {
  readonly partition: Partition
  /** Whether its rows belong to the dataset now; others are left from before a rewrite, or from before they grew too old. */
  readonly isLive: boolean
  readonly rows: number
  /** Commits that the rows are of. */
  readonly commits: readonly number[]
}

/** A quarantine with rows of a person. */
export interface FoundQuarantine {
  readonly commit: PositionedCommit
  /** Rows of the person that wait, which are some of those that are found. */
  readonly waitingRows: number
  readonly rows: number
  /** Whether anything of the commit waits. */
  readonly waits: boolean
}

/** What was found. */
export interface FoundPerson {
  readonly partitions: readonly FoundPartition[]
  readonly quarantines: readonly FoundQuarantine[]
  /** Batches whose bytes cannot be read, hence not searched: those that wait, and those that were decided about. */
  readonly unsearchable: {
    readonly waiting: readonly PositionedCommit[]
    readonly decided: readonly PositionedCommit[]
  }
}

/** Whom to look for, and how. */
export interface SearchRequest {
  readonly spec: ModelSpec
  readonly person: Person
  readonly inText: boolean
  readonly signal?: AbortSignal | undefined
}

/** Looks through all objects of a dataset. */
export async function findPerson(
  context: DataContext,
  entries: readonly PositionedEntry[],
  request: SearchRequest,
): Promise<FoundPerson> {
  const removed = removedObjects(entries)
  const isThere = (ref: ObjectRef | undefined): ref is ObjectRef => ref !== undefined && !removed.has(ref.uri)
  const commits = entries.flatMap(({ seq, actor, body }) =>
    isCommit(body) ? [{ ...body, seq, ingestedBy: actor }] : [],
  )
  const waiting = new Map(waitingBatches(commits).map((batch) => [batch.commit.seq, batch]))
  return withDuckDb(context, { readable: [], signal: request.signal }, async (duckDb) => {
    const search = { context, duckDb, request }
    const partitions: FoundPartition[] = []
    for (const { partition, isLive } of allPartitions(entries)) {
      if (isThere(partition.object)) partitions.push(...(await inPartition(search, partition, isLive)))
    }
    const quarantines: FoundQuarantine[] = []
    for (const commit of commits) {
      if (!isThere(commit.quarantine) || commit.receipt.unreadable !== undefined) continue
      const left = waiting.get(commit.seq)?.reasons
      quarantines.push(...(await inQuarantine(search, { commit, object: commit.quarantine, left })))
    }
    const bytes = commits.filter(({ receipt, quarantine }) => receipt.unreadable !== undefined && isThere(quarantine))
    return {
      partitions,
      quarantines,
      unsearchable: {
        waiting: bytes.filter(({ seq }) => waiting.has(seq)),
        decided: bytes.filter(({ seq }) => !waiting.has(seq)),
      },
    }
  })
}

/** Every partition that was ever written, with the rows that it was written with. */
function allPartitions(entries: readonly PositionedEntry[]) {
  const rows = new RowsInPlaces()
  const written: Partition[] = []
  for (const { seq, actor, body } of entries) {
    if (isRewrite(body)) rows.rewrite(seq, body)
    else if (isCommit(body)) rows.add({ ...body, seq, ingestedBy: actor })
    const partition = rows.at(seq)
    if (partition !== undefined) written.push(partition)
  }
  return written.map((partition) => ({ partition, isLive: rows.at(partition.entry) !== undefined }))
}

interface Search {
  readonly context: DataContext
  readonly duckDb: DuckDb
  readonly request: SearchRequest
}

async function inPartition(search: Search, partition: Partition, isLive: boolean): Promise<readonly FoundPartition[]> {
  const { duckDb, request } = search
  return withObject(search, partition.object, async (file) => {
    const isMeant = isPersonTyped(request.person, await columnsOfPartition(duckDb, file))
    const found = await queryRows(
      duckDb.connection,
      `SELECT CAST(_file AS INTEGER) AS ordinal, count(*) AS rows FROM ${rowsOfPartitions([partition], [file])}
        WHERE ${isMeant} GROUP BY ALL`,
      z.object({ ordinal: z.number(), rows: Count }),
    )
    if (found.length === 0) return []
    const ordinals = new Set(found.map(({ ordinal }) => ordinal))
    const commits = partition.pieces.flatMap(({ commit, ordinal }) => (ordinals.has(ordinal) ? [commit] : []))
    return [{ partition, isLive, commits, rows: found.reduce((sum, { rows }) => sum + rows, 0) }]
  })
}

interface SearchedQuarantine {
  readonly commit: PositionedCommit
  readonly object: ObjectRef
  /** What waits of it by reason; `undefined` when nothing does. */
  readonly left: Readonly<Record<string, number>> | undefined
}

async function inQuarantine(
  search: Search,
  { commit, object, left }: SearchedQuarantine,
): Promise<readonly FoundQuarantine[]> {
  const { duckDb, request } = search
  return withObject(search, object, async (file) => {
    const columns = await parquetColumns(duckDb.connection, [file])
    const isMeant = isPersonAsText(request.person, { ...request, columns })
    const found = await queryRows(
      duckDb.connection,
      `SELECT _reason AS reason, count(*) AS rows FROM ${parquetScan([file])} WHERE ${isMeant} GROUP BY ALL`,
      z.object({ reason: z.string(), rows: Count }),
    )
    if (found.length === 0) return []
    const sum = (of: typeof found) => of.reduce((total, { rows }) => total + rows, 0)
    const waitingRows = sum(found.filter(({ reason }) => left?.[reason] !== undefined))
    return [{ commit, rows: sum(found), waitingRows, waits: left !== undefined }]
  })
}

/** Lends the file of an object to the instance while it is looked at. What was collected a moment ago holds nobody. */
async function withObject<T>(
  { context, duckDb }: Search,
  object: ObjectRef,
  look: (file: string) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  try {
    const file = await lendFile(duckDb, await context.storage.toLocalFile(object.uri), 'searched.parquet')
    try {
      return await look(file)
    } finally {
      await rm(file, { force: true })
    }
  } catch (thrown) {
    if (isRefitError(thrown, 'NotFound')) return []
    throw thrown
  }
}
