/**
 * Rows that people could be asked about: no verified label is known of them, and nobody is being asked. They come in an order
 * that is random and yet follows from the seed, so that the first of them are a random draw.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { feedsOf } from '../../spec/datasets.js'
import { eventKeyOf } from '../../spec/label-feed.js'
import type { ModelSpec } from '../../spec/spec.js'
import { type ObjectRef, objectFile } from '../../storage/objects.js'
import type { Snapshot } from '../dataset/commit.js'
import { filesOfPartitions, rowsOfPartitions } from '../dataset/snapshot-rows.js'
import { type DataContext, type DuckDb, withDuckDb } from '../engine/context.js'
import { Count, queryRow } from '../engine/query.js'
import { parquetScan, sqlName, sqlText, sqlTime } from '../engine/sql.js'
import { answerFiles, type FeedPositions, openAnswers } from './answers.js'
import { labelledRows } from './labelled-rows.js'

/** Which rows, and how many at most. */
export interface UnlabelledRequest {
  readonly spec: ModelSpec
  readonly snapshot: Snapshot
  readonly answers: FeedPositions
  /** Event time that counts as now, ISO 8601. */
  readonly asOf: string
  /** What the random order follows from. */
  readonly seed: string
  readonly limit: number
  /** Rows of these files, of earlier requests, are being asked about. */
  readonly asked: readonly ObjectRef[]
  /** Folder that the rows are written to. */
  readonly folder: string
  readonly signal?: AbortSignal | undefined
}

/** The first rows of the random order as Parquet: columns of the partitions, `_time`, `_label` and `_request`, a stable name. */
export interface UnlabelledRows {
  readonly file: string
  readonly rows: number
  /** How many there are in all, from which they are drawn. */
  readonly population: number
}

/** Finds them. Rejects with `Cancelled` when aborted. */
export async function findUnlabelled(context: DataContext, request: UnlabelledRequest): Promise<UnlabelledRows> {
  const { spec, snapshot, asked, folder, signal, asOf } = request
  const files = await filesOfPartitions(context.storage, snapshot.partitions)
  if (files.length === 0) return { file: '', rows: 0, population: 0 }
  const earlier = await Promise.all(asked.map((ref) => objectFile(context.storage, ref)))
  const answers = await openAnswers(context, spec, request.answers)
  const readable = [...files, ...answerFiles(answers), ...earlier, folder]
  return withDuckDb(context, { readable, signal }, async (duckDb) => {
    const rows = rowsOfPartitions(snapshot.partitions, files)
    const labelled = await labelledRows(duckDb, { spec, answers, asOf, rows })
    const isOpen = earlier.length === 0 ? 'FALSE' : `_request IN (SELECT _request FROM ${parquetScan(earlier)})`
    const isWhole = keyOfRequests(spec).map((name) => `${sqlName(name)} IS NOT NULL`)
    await duckDb.connection.run(`CREATE TEMP VIEW unlabelled AS
      SELECT *, ${nameOf(spec)} AS _request FROM (${labelled})
      WHERE _label_kind IS DISTINCT FROM 'verified' AND _time <= ${sqlTime(asOf)} AND ${isWhole.join(' AND ')}
        AND NOT (${isOpen})`)
    return writeFirst(duckDb, request)
  })
}

/** The columns that tell an annotated row from all others. */
export function keyOfRequests(spec: ModelSpec): readonly string[] {
  const [, verified] = feedsOf(spec).find(([, { kind }]) => kind === 'verified') ?? []
  return spec.data.key ?? (verified === undefined ? [] : eventKeyOf(verified))
}

/** A name that follows from key and time of the event, so that it is the same in every request. */
function nameOf(spec: ModelSpec): string {
  const parts = [...keyOfRequests(spec).map(sqlName), '_time'].map((part) => `CAST(${part} AS VARCHAR)`)
  return `md5(CAST([${parts.join(', ')}] AS VARCHAR))`
}

async function writeFirst({ connection }: DuckDb, { seed, limit, folder }: UnlabelledRequest): Promise<UnlabelledRows> {
  const { population } = await queryRow(
    connection,
    'SELECT count(DISTINCT _request) AS population FROM unlabelled',
    z.object({ population: Count }),
  )
  const file = join(folder, 'unlabelled.parquet')
  const own = '_file, _position, _weight, _label_kind, _examines'
  const order = `md5_number_lower(concat_ws(':', ${sqlText(`labels:${seed}`)}, _request))`
  // Rows that have one name are one row to whoever is asked.
  const first = `SELECT * EXCLUDE (${own}) REPLACE (NULL::BOOLEAN AS _label) FROM (
      SELECT * FROM unlabelled ORDER BY ${order}, _file, _position LIMIT ${limit})
    QUALIFY row_number() OVER (PARTITION BY _request ORDER BY _file, _position) = 1 ORDER BY ${order}`
  const { rowsChanged } = await connection.run(`COPY (${first}) TO ${sqlText(file)} (FORMAT parquet)`)
  return { file, rows: rowsChanged, population }
}
