/**
 * Compaction: many small partitions become few, so that years of rows are few objects to read. Nothing that anybody reads
 * changes: the same rows in the same order, each with the position that it had. The replaced objects stay until they are
 * collected; a compaction that is killed leaves an object that nobody names.
 */
import { join } from 'node:path'
import { RefitError } from '../../errors.js'
import { type ObjectRef, putFile } from '../../storage/objects.js'
import { NO_ROWS } from '../dataset/commit.js'
import { datasetFolder, datasetLog } from '../dataset/dataset-log.js'
import { type Partition, rowsIn, spanOf } from '../dataset/partition.js'
import { openSnapshot } from '../dataset/snapshot.js'
import { columnsOfPartition, filesOfPartitions, rowsOfPartitions } from '../dataset/snapshot-rows.js'
import { type DataContext, type DuckDb, withDuckDb } from '../engine/context.js'
import { PARTITION_FORMAT, sqlText } from '../engine/sql.js'
import { appendRewrite } from './append-rewrite.js'
import { type CompactionGoal, planCompaction } from './plan-compaction.js'

/** Large enough to be read at full speed, small enough to be fetched in a second or two and written again when need be. */
export const TARGET_BYTES = 128 * 1024 * 1024

/** What to compact, and on whose behalf. */
export interface CompactRequest extends Partial<CompactionGoal> {
  readonly dataset: string
  readonly actor: string
  readonly why: string
  /** Plans only. */
  readonly isDry?: boolean
  readonly signal?: AbortSignal
}

/** One merged partition, or what would become one. */
export interface MergedPartition {
  /** Numbers of the entries whose partitions it replaces. */
  readonly of: readonly number[]
  readonly rows: number
  /** Size of what it replaces. */
  readonly bytesBefore: number
  /** Number of its entry and its size; null for a plan. */
  readonly entry: number | null
  readonly bytes: number | null
}

/** Merges runs of adjacent small partitions. Rejects with `Cancelled` when aborted; what was merged before that stays so. */
export async function compact(context: DataContext, request: CompactRequest): Promise<readonly MergedPartition[]> {
  const { dataset, targetBytes = TARGET_BYTES, maxSpanDays, isDry = false, signal } = request
  const { partitions } = await openSnapshot(context, dataset)
  const merged: MergedPartition[] = []
  for (const run of planCompaction(partitions, { targetBytes, maxSpanDays })) {
    const files = await filesOfPartitions(context.storage, run)
    await withDuckDb({ ...context, threads: 1 }, { readable: files, signal }, async (duckDb) => {
      for (const group of await byColumns(duckDb, run, files)) {
        if (isDry) merged.push(planned(group))
        else merged.push(...(await merge({ context, duckDb, request }, group)))
      }
    })
  }
  return merged
}

/** Partitions with their local files. */
interface Group {
  readonly partitions: readonly Partition[]
  readonly files: readonly string[]
}

/** Only partitions with the same columns are merged: a value must come back with the type that it had. */
async function byColumns(
  duckDb: DuckDb,
  partitions: readonly Partition[],
  files: readonly string[],
): Promise<readonly Group[]> {
  const groups: { columns: string; partitions: Partition[]; files: string[] }[] = []
  for (const [index, partition] of partitions.entries()) {
    const file = files[index] ?? ''
    const columns = JSON.stringify([...(await columnsOfPartition(duckDb, file))])
    const last = groups.at(-1)
    if (last?.columns === columns) {
      last.partitions.push(partition)
      last.files.push(file)
    } else groups.push({ columns, partitions: [partition], files: [file] })
  }
  return groups.filter(({ partitions }) => partitions.length > 1)
}

const planned = ({ partitions }: Group): MergedPartition => ({
  of: partitions.map(({ entry }) => entry),
  rows: partitions.reduce((sum, partition) => sum + rowsIn(partition), 0),
  bytesBefore: partitions.reduce((sum, { object }) => sum + object.bytes, 0),
  entry: null,
  bytes: null,
})

interface Work {
  readonly context: DataContext
  readonly duckDb: DuckDb
  readonly request: CompactRequest
}

/** None when somebody else rewrote one of them meanwhile. */
async function merge({ context, duckDb, request }: Work, group: Group): Promise<readonly MergedPartition[]> {
  const { dataset, actor, why } = request
  const plan = planned(group)
  const path = join(duckDb.folder, 'merged.parquet')
  await writePositioned(duckDb, rowsOfPartitions(group.partitions, group.files), { path, rows: plan.rows })
  let partition: ObjectRef | undefined
  const entry = await appendRewrite(datasetLog(context.storage, dataset), {
    actor,
    verb: 'compact',
    of: plan.of,
    async store(removed) {
      const isRemoved = (key: string) => removed[key] === true
      const options = { extension: '.parquet', rows: plan.rows, isRemoved }
      partition = await putFile(context.storage, datasetFolder(dataset, 'partitions'), path, options)
      return {
        rewrite: { verb: 'compact', of: plan.of, why },
        receipt: { ...NO_ROWS, rowsIn: plan.rows, kept: plan.rows },
        partition,
        shrunk: [],
        ...spanOf(group.partitions.flatMap(({ pieces }) => pieces)),
      }
    },
  })
  return entry === undefined ? [] : [{ ...plan, entry, bytes: partition?.bytes ?? null }]
}

/** Writes rows with their positions, in their order. The instance has one thread, or the same rows would be other bytes. */
export async function writePositioned(
  { connection }: DuckDb,
  relation: string,
  { path, rows }: { readonly path: string; readonly rows: number },
): Promise<void> {
  const positions = 'CAST(_file AS INTEGER) AS _file, CAST(_position AS BIGINT) AS _position'
  const copied = await connection.run(
    `COPY (SELECT * REPLACE (${positions}) FROM ${relation}) TO ${sqlText(path)} (${PARTITION_FORMAT})`,
  )
  if (copied.rowsChanged === rows) return
  throw new RefitError(
    'StoreCorrupt',
    `Cannot rewrite partitions: expected ${rows} rows, found ${copied.rowsChanged}. Run \`refit ingest --verify\`.`,
  )
}
