/**
 * What became known by answers since an earlier look: rows that arrived since, with their labels as they are known now, and rows
 * that were there and were answered since. For a spec with feeds; without any, labels are as old as their rows.
 */
import { join } from 'node:path'
import { z } from 'zod'
import type { LabelCount } from '../../decisions/evidence-input.js'
import type { ModelSpec } from '../../spec/spec.js'
import type { Partition } from '../dataset/partition.js'
import { filesOfPartitions, rowsOfPartitions } from '../dataset/snapshot-rows.js'
import { type DataContext, type DuckDb, withDuckDb } from '../engine/context.js'
import { Count, queryRow } from '../engine/query.js'
import { sqlText, sqlTime } from '../engine/sql.js'
import { answerFiles, type FeedPositions, openAnswers, ordinalsUpTo } from './answers.js'
import { isMature, labelledRows, type Moment } from './labelled-rows.js'

/** What was known at an earlier time: by positions of the logs, and event time that counted as now. */
export interface KnownThen {
  /** Position of the log of rows. */
  readonly snapshot: number
  readonly answers: FeedPositions
  /** ISO 8601; null where nothing was looked at. */
  readonly asOf: string | null
}

/** What is looked at. */
export interface LabelNewsRequest {
  readonly spec: ModelSpec
  /** All rows that had arrived by `asOf`. */
  readonly partitions: readonly Partition[]
  readonly answers: FeedPositions
  /** Event time that counts as now, ISO 8601. */
  readonly asOf: string
  readonly sinceDecision: KnownThen
  readonly sinceChampion: KnownThen
  /** ISO 8601; labels of rows from then on are counted, unless it is null. */
  readonly changePoint: string | null
  /** Folder that the rows are written to; null where only counts are wanted. */
  readonly folder: string | null
  readonly signal?: AbortSignal
}

/** Counts, and the rows themselves as Parquet: all columns, with `_label` where a verified one is known. */
export interface LabelNews {
  /** Labels that are known now and were not at the last decision. */
  readonly verified: LabelCount
  readonly weak: LabelCount
  /** Labels of either kind that the champion never saw. */
  readonly newToChampion: number
  readonly sinceChange: number | null
  /** Rows that were there at the last decision, and whose label of either kind became known since. */
  readonly answeredRows: number
  /** Rows that arrived since the last decision; local path. */
  readonly live: { readonly file: string; readonly rows: number }
  /** Rows that were there before, and got a verified answer since. */
  readonly answered: { readonly file: string; readonly rows: number }
}

/** Finds out what is new. Rejects with `Cancelled` when aborted. */
export async function findLabelNews(context: DataContext, request: LabelNewsRequest): Promise<LabelNews> {
  const { spec, partitions, folder, signal } = request
  const files = await filesOfPartitions(context.storage, partitions)
  if (files.length === 0) return NOTHING
  const answers = await openAnswers(context, spec, request.answers)
  const readable = [...files, ...answerFiles(answers), ...(folder === null ? [] : [folder])]
  return withDuckDb(context, { readable, signal }, async (duckDb) => {
    const labelled = await labelledRows(duckDb, {
      ...{ spec, answers, asOf: request.asOf, rows: rowsOfPartitions(partitions, files) },
      moments: {
        decision: momentOf(request.sinceDecision, request),
        champion: momentOf(request.sinceChampion, request),
      },
    })
    await duckDb.connection.run(`CREATE TEMP VIEW labelled AS ${labelled}`)
    return look(duckDb, request)
  })
}

const NO_ROWS = { file: '', rows: 0 }

const NOTHING: LabelNews = {
  verified: { known: 0, positive: 0 },
  weak: { known: 0, positive: 0 },
  newToChampion: 0,
  sinceChange: null,
  answeredRows: 0,
  live: NO_ROWS,
  answered: NO_ROWS,
}

const momentOf = ({ snapshot, answers, asOf }: KnownThen, { partitions, asOf: now }: LabelNewsRequest): Moment => ({
  asOf: asOf ?? now,
  ordinals: asOf === null ? 0 : ordinalsUpTo(partitions, snapshot),
  positions: answers,
})

async function look(duckDb: DuckDb, request: LabelNewsRequest): Promise<LabelNews> {
  const { spec, partitions, asOf, sinceDecision, changePoint, folder } = request
  const isOver = isMature(spec, asOf)
  const isVerifiedNews = `${isOver} AND _label_kind = 'verified' AND NOT _verified_decision`
  const isWeakNews = `${isOver} AND _label_kind = 'weak' AND NOT _labelled_decision`
  const isLabelled = `${isOver} AND _label IS NOT NULL`
  const count = (where: string) =>
    `{known: count(*) FILTER (${where}), positive: count(*) FILTER (${where} AND _label)}`
  const isLive = `_file >= ${ordinalsUpTo(partitions, sinceDecision.snapshot)}`
  const since = changePoint === null ? 'FALSE' : `_time >= ${sqlTime(changePoint)}`
  const { sinceChange, ...counts } = await queryRow(
    duckDb.connection,
    `SELECT ${count(isVerifiedNews)} AS verified, ${count(isWeakNews)} AS weak,
      count(*) FILTER (${isLabelled} AND NOT _labelled_champion) AS "newToChampion",
      count(*) FILTER (NOT (${isLive}) AND ((${isVerifiedNews}) OR (${isWeakNews}))) AS "answeredRows",
      count(*) FILTER (${isLabelled} AND ${since}) AS "sinceChange" FROM labelled`,
    z.object({ verified: Labels, weak: Labels, newToChampion: Count, answeredRows: Count, sinceChange: Count }),
  )
  const label = `CASE WHEN ${isOver} AND _label_kind = 'verified' THEN _label END`
  const write = async (name: string, where: string) =>
    folder === null ? NO_ROWS : writeRows(duckDb, { file: join(folder, `${name}.parquet`), label, where })
  return {
    ...counts,
    sinceChange: changePoint === null ? null : sinceChange,
    live: await write('live', isLive),
    answered: await write('answered', `NOT (${isLive}) AND ${isVerifiedNews}`),
  }
}

const Labels = z.object({ known: Count, positive: Count })

async function writeRows(
  { connection }: DuckDb,
  { file, label, where }: { readonly file: string; readonly label: string; readonly where: string },
) {
  // In the order of the log, whichever side of the join was read first: sums of scores are the same each time.
  const rows = `SELECT * REPLACE (${label} AS _label) FROM labelled WHERE ${where} ORDER BY _file, _position`
  const { rowsChanged } = await connection.run(`COPY (${rows}) TO ${sqlText(file)} (FORMAT parquet)`)
  return { file, rows: rowsChanged }
}
