/** The file of a request for labels: the rows with why each was chosen; what of it was answered; and how people get it. */
import { copyFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { z } from 'zod'
import type { ChosenRow } from '../../decisions/label-choice.js'
import { RefitError } from '../../errors.js'
import type { ModelSpec } from '../../spec/spec.js'
import { type ObjectRef, objectFile } from '../../storage/objects.js'
import { type DataContext, type EngineContext, withDuckDb } from '../engine/context.js'
import { Count, parquetColumns, queryRows } from '../engine/query.js'
import { parquetScan, sqlName, sqlNumber, sqlText } from '../engine/sql.js'
import { answerFiles, type FeedPositions, openAnswers } from './answers.js'
import { labelledRows } from './labelled-rows.js'

/** A chosen row with its score, NaN for none. */
export interface ScoredChoice extends ChosenRow {
  readonly score: number
}

/** What is written. */
export interface RequestFile {
  /** Parquet of the candidates; see `findUnlabelled`. */
  readonly candidates: string
  readonly chosen: readonly ScoredChoice[]
  /** Probability with which a random row was drawn. */
  readonly probability: number
  /** Folder and name of the new file. */
  readonly folder: string
}

/**
 * Writes the chosen rows as Parquet: `_request` (a name of the row that is the same in every request), `_why`, `_probability`
 * (NULL for rows that were not drawn), `_score`, then the columns of the partitions. Gives the path.
 */
export async function writeRequestFile(context: EngineContext, request: RequestFile): Promise<string> {
  const { candidates, chosen, probability, folder } = request
  const file = join(folder, 'request.parquet')
  await withDuckDb(context, { readable: [candidates, folder] }, async ({ connection }) => {
    const values = chosen.map(({ row, why, score }, place) => {
      const number = Number.isNaN(score) ? 'NULL::DOUBLE' : sqlNumber(score)
      return `(${place}, ${row}, ${sqlText(why)}, ${number})`
    })
    const rows = `SELECT r._request, c.why AS _why, CASE WHEN c.why = 'random' THEN ${sqlNumber(probability)} END AS _probability,
        c.score AS _score, r.* EXCLUDE (_request, file_row_number)
      FROM (VALUES ${values.join(', ')}) c(place, row, why, score)
      JOIN read_parquet(${sqlText(candidates)}, file_row_number = true) r ON r.file_row_number = c.row ORDER BY c.place`
    await connection.run(`COPY (${rows}) TO ${sqlText(file)} (FORMAT parquet, COMPRESSION zstd)`)
  })
  return file
}

/** Rows of a part of a request. */
export interface AskedRows {
  readonly asked: number
  /** Of which a verified label is known by now. */
  readonly answered: number
  readonly positive: number
}

/** A request by its parts. */
export type Answered = Readonly<Record<ChosenRow['why'], AskedRows>>

/** Counts which rows of a request are answered by now. */
export async function countAnswered(
  context: DataContext,
  request: {
    readonly spec: ModelSpec
    readonly rows: ObjectRef
    readonly answers: FeedPositions
    readonly asOf: string
  },
): Promise<Answered> {
  const { spec, asOf } = request
  const file = await objectFile(context.storage, request.rows)
  const answers = await openAnswers(context, spec, request.answers)
  return withDuckDb(context, { readable: [file, ...answerFiles(answers)] }, async (duckDb) => {
    const rows = `(SELECT *, 0 AS _file, file_row_number AS _position FROM ${parquetScan([file])})`
    const labelled = await labelledRows(duckDb, { spec, rows, answers, asOf })
    const isAnswered = "_label_kind = 'verified'"
    const parts = await queryRows(
      duckDb.connection,
      `SELECT _why AS why, count(*) AS asked, count(*) FILTER (${isAnswered}) AS answered,
        count(*) FILTER (${isAnswered} AND _label) AS positive FROM (${labelled}) GROUP BY ALL`,
      z.object({ why: z.string(), asked: Count, answered: Count, positive: Count }),
    )
    const part = (name: ChosenRow['why']): AskedRows => {
      const found = parts.find(({ why }) => why === name)
      return found === undefined ? NOTHING : { asked: found.asked, answered: found.answered, positive: found.positive }
    }
    return { random: part('random'), uncertain: part('uncertain') }
  })
}

const NOTHING: AskedRows = { asked: 0, answered: 0, positive: 0 }

/** How people can get a request, by the ending of the file. */
const EXPORTS: Readonly<Record<string, string>> = {
  '.csv': 'FORMAT csv, HEADER',
  '.jsonl': 'FORMAT json',
  '.ndjson': 'FORMAT json',
  '.parquet': 'FORMAT parquet',
}

/** Writes the rows of a request to a file, whose ending says how. Rejects with `InvalidInput` for another ending. */
export async function exportRequest(
  context: DataContext,
  { spec, rows, to }: { readonly spec: ModelSpec; readonly rows: ObjectRef; readonly to: string },
): Promise<void> {
  const format = EXPORTS[extname(to).toLowerCase()]
  if (format === undefined)
    throw new RefitError(
      'InvalidInput',
      `Cannot write "${to}": expected a name that ends in ${Object.keys(EXPORTS).join(', ')}. Rename it.`,
    )
  const file = await objectFile(context.storage, rows)
  await withDuckDb(context, { readable: [file] }, async ({ connection, folder }) => {
    const there = await parquetColumns(connection, [file])
    const own = [...Object.keys(spec.data.columns), ...Object.keys(spec.data.derived)].filter((name) => there.has(name))
    const columns = ['_request', '_why', '_probability', '_score', ...own].map(sqlName)
    const path = join(folder, 'export')
    await connection.run(
      `COPY (SELECT ${columns.join(', ')} FROM ${parquetScan([file])}) TO ${sqlText(path)} (${format})`,
    )
    await copyFile(path, to)
  })
}
