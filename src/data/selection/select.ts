/**
 * The rows of a retraining: what is trained on, what stops the training, and what examines the candidate. The same
 * snapshot and request give the same rows, on any host:
 *
 * 1. A row is known by its position, which never changes: see `rowsOfPartitions`.
 * 2. Whatever looks random is a hash of position and seed.
 * 3. Rows are written in the order of their positions, by one thread: with more, the same rows would be other bytes.
 */
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { z } from 'zod'
import type { TrainingWindow } from '../../decisions/decision.js'
import type { LabelCount } from '../../decisions/evidence-input.js'
import { COLUMN_TYPES } from '../../spec/columns.js'
import type { LabelKind } from '../../spec/label-feed.js'
import type { ModelSpec } from '../../spec/spec.js'
import { type ObjectRef, putFile } from '../../storage/objects.js'
import type { Snapshot } from '../dataset/commit.js'
import { datasetFolder } from '../dataset/dataset-log.js'
import { filesOfPartitions, rowsOfPartitions } from '../dataset/snapshot-rows.js'
import { type DataContext, type DuckDb, withDuckDb } from '../engine/context.js'
import { Count, columnsOf, parquetRows, queryRow } from '../engine/query.js'
import { isoTime, sqlDays, sqlName, sqlText, sqlTime } from '../engine/sql.js'
import { answerFiles, type FeedAnswers, type FeedPositions, openAnswers } from '../labels/answers.js'
import { labelledRows } from '../labels/labelled-rows.js'
import { planMix, type Thinning } from './row-mix.js'

/** Which rows are asked for. */
export interface SelectRequest {
  readonly spec: ModelSpec
  readonly snapshot: Snapshot
  /** Up to where answers of feeds are known; none unless given. */
  readonly answers?: FeedPositions | undefined
  readonly window: TrainingWindow
  /** Days at the end of the window that training never sees. */
  readonly holdoutDays: number
  /** Event time that counts as now, ISO 8601. */
  readonly asOf: string
  readonly seed: number
  /** Share of the training rows that is set aside for early stopping. */
  readonly validationShare?: number
  readonly signal?: AbortSignal
}

/** The rows, and what is said about them. A part without rows is a Parquet file without rows. */
export interface Selection {
  /** Features, `label` (0 or 1), `weight`. */
  readonly training: ObjectRef
  /** As `training`, disjoint from it. */
  readonly validation: ObjectRef
  /** All columns of the partitions, `label` and `_time`. */
  readonly holdout: ObjectRef
  /** Event times of the first and last training row, ISO 8601. */
  readonly from: string | null
  readonly to: string | null
  readonly trainingRows: number
  /** Training rows up to `window.oldUntil`. */
  readonly oldRows: number
  readonly validationRows: number
  readonly holdoutRows: number
  /** Labels of the training rows by their kind, for a spec with feeds. */
  readonly labels?: LabelsByKind
}

/** Labels by their kind. */
export type LabelsByKind = Readonly<Record<LabelKind, LabelCount>>

/**
 * Selects rows whose label is known at `asOf`: it is there, and the event is at least the label's delay ago. The holdout
 * is the last days of those, as far as their labels may examine models; training is the rest of the window before it.
 */
export async function selectRows(context: DataContext, request: SelectRequest): Promise<Selection> {
  const { snapshot, spec, signal } = request
  const files = await filesOfPartitions(context.storage, snapshot.partitions)
  const answers = await openAnswers(context, spec, request.answers ?? {})
  const readable = [...files, ...answerFiles(answers)]
  return withDuckDb({ ...context, threads: 1 }, { readable, signal }, async (duckDb) => {
    await createCandidates(duckDb, request, { files, answers })
    // A join that outgrows memory gives its rows in another order.
    const order = answers.length === 0 ? '' : ' ORDER BY _file, _position'
    const summary = await createTraining(duckDb, request, order)
    const put = (name: string, rows: string) => putTable(context, duckDb, { dataset: spec.model, name, rows })
    const trained = [...spec.data.features.map(sqlName), 'label', 'weight'].join(', ')
    const training = await put('training', `SELECT ${trained} FROM training WHERE NOT validates`)
    const validation = await put('validation', `SELECT ${trained} FROM training WHERE validates`)
    const holdout = await put('holdout', `${await holdoutRows(duckDb)}${order}`)
    return {
      ...(answers.length === 0 ? {} : { labels: await labelsByKind(duckDb) }),
      training,
      validation,
      holdout,
      ...summary,
      trainingRows: training.rows ?? 0,
      validationRows: validation.rows ?? 0,
      holdoutRows: holdout.rows ?? 0,
    }
  })
}

/** A view of the rows that can be used at all, with their position and the part that their event time puts them in. */
async function createCandidates(
  duckDb: DuckDb,
  request: SelectRequest,
  { files, answers }: { readonly files: readonly string[]; readonly answers: readonly FeedAnswers[] },
): Promise<void> {
  const { spec, window, holdoutDays, asOf } = request
  const rows = files.length === 0 ? noRows(spec) : rowsOfPartitions(request.snapshot.partitions, files)
  const labelled = await labelledRows(duckDb, { spec, rows, answers, asOf })
  const end = `least(${sqlTime(window.to)}, ${sqlTime(asOf)} - ${sqlDays(spec.data.label.delayDays)})`
  const holdoutFrom = `(${end} - ${sqlDays(holdoutDays)})`
  const isInWindow = window.from === null ? 'TRUE' : `_time >= ${sqlTime(window.from)}`
  const isOld = window.oldUntil === null ? 'FALSE' : `_time <= ${sqlTime(window.oldUntil)}`
  await duckDb.connection.run(`CREATE TEMP VIEW candidates AS
    SELECT *, CASE WHEN _time > ${holdoutFrom} THEN 'holdout' WHEN ${isInWindow} THEN 'training' END AS _part, ${isOld} AS _is_old
    FROM (${labelled}) WHERE _label IS NOT NULL AND _time <= ${end}`)
}

/** A relation with the columns of a partition, for a dataset that has none. */
function noRows({ data }: ModelSpec): string {
  const columns = [...Object.entries(data.columns), ...Object.entries(data.derived)].map(
    ([name, { type }]) => `NULL::${COLUMN_TYPES[type]} AS ${sqlName(name)}`,
  )
  return `(SELECT ${columns.join(', ')}, NULL::BOOLEAN AS _label, NULL::TIMESTAMP AS _time, 0 AS _file, 0 AS _position LIMIT 0)`
}

/** Makes the table of training and validation rows, and sums up the former. */
async function createTraining(duckDb: DuckDb, request: SelectRequest, order: string) {
  const { spec, seed, validationShare = 0.1 } = request
  const validates = `${hashOf('validation', seed)} < ${shareOfHash(validationShare)}`
  const features = spec.data.features.map(sqlName).join(', ')
  await duckDb.connection.run(`CREATE TEMP TABLE training AS
    SELECT ${features}, CAST(_label AS INTEGER) AS label, _weight AS weight, _label_kind, _time, _is_old, ${validates} AS validates
    FROM candidates WHERE _part = 'training' AND (${await mixCondition(duckDb, request)})${order}`)
  return queryRow(
    duckDb.connection,
    `SELECT old AS "oldRows", ${isoTime('first')} AS "from", ${isoTime('last')} AS "to" FROM (
      SELECT count(*) FILTER (_is_old) AS old, min(_time) AS first, max(_time) AS last FROM training WHERE NOT validates)`,
    z.object({ oldRows: Count, from: z.string().nullable(), to: z.string().nullable() }),
  )
}

/** Which rows of the window are taken: by the mix of old and new where one is asked for, and never more than `maxRows`. */
async function mixCondition({ connection }: DuckDb, { window, seed }: SelectRequest): Promise<string> {
  const available = await queryRow(
    connection,
    `SELECT count(*) FILTER (_is_old) AS old, count(*) FILTER (NOT _is_old) AS new FROM candidates WHERE _part = 'training'`,
    z.object({ old: Count, new: Count }),
  )
  const conditions = planMix(available, window).map(async ({ group, rows, quota, thinning }) => {
    const where = group === 'all' ? 'TRUE' : group === 'old' ? '_is_old' : 'NOT _is_old'
    if (quota >= rows) return `(${where})`
    if (quota === 0) return 'FALSE'
    return `(${where} AND (${await thin(connection, { where, quota, thinning, seed })}))`
  })
  return (await Promise.all(conditions)).join(' OR ')
}

/** A condition that exactly `quota` of the group's rows fulfil, as long as no two hashes are equal. */
async function thin(
  connection: DuckDBConnection,
  { where, quota, thinning, seed }: { where: string; quota: number; thinning: Thinning; seed: number },
): Promise<string> {
  const rows = `FROM candidates WHERE _part = 'training' AND ${where}`
  const whole = thinning === 'olderFirst' ? Math.floor(quota / 2) : 0
  const edge = await queryRow(
    connection,
    `SELECT CAST(min(_time) AS VARCHAR) AS time FROM (SELECT _time ${rows} ORDER BY _time DESC LIMIT ${whole + 1})`,
    z.object({ time: z.string().nullable() }),
  )
  const isWhole = whole === 0 || edge.time === null ? 'FALSE' : `_time > TIMESTAMP ${sqlText(edge.time)}`
  const hash = hashOf('thinning', seed)
  const last = await queryRow(
    connection,
    `SELECT CAST(max(hash) AS VARCHAR) AS hash FROM (
      SELECT ${hash} AS hash ${rows} AND NOT ${isWhole} ORDER BY hash LIMIT ${quota} - (SELECT count(*) ${rows} AND ${isWhole}))`,
    z.object({ hash: z.string().nullable() }),
  )
  return last.hash === null ? isWhole : `${isWhole} OR ${hash} <= ${last.hash}::UBIGINT`
}

/** A uniform number of 64 bits for a row: MD5, as DuckDB's own `hash` may change between its versions. */
const hashOf = (purpose: string, seed: number): string =>
  `md5_number_lower(concat_ws(':', ${sqlText(purpose)}, ${seed}, _file, _position))`

/** The hash below which a share of all hashes is. */
const shareOfHash = (share: number): string => `${BigInt(Math.round(share * 2 ** 53)) << 11n}::HUGEINT`

/** All columns of the partitions; an arriving column `label` gives way to the label. */
async function holdoutRows({ connection }: DuckDb): Promise<string> {
  const names = [...(await columnsOf(connection, 'candidates')).keys()]
  const own = new Set([
    ...['_label', '_file', '_position', '_part', '_is_old', '_weight', '_label_kind', '_examines', 'label'],
  ])
  const kept = names.filter((name) => !own.has(name.toLowerCase()))
  return `SELECT ${kept.map(sqlName).join(', ')}, CAST(_label AS INTEGER) AS label FROM candidates WHERE _part = 'holdout' AND _examines`
}

async function labelsByKind({ connection }: DuckDb): Promise<LabelsByKind> {
  const count = (kind: LabelKind) => `{known: count(*) FILTER (_label_kind = '${kind}'),
    positive: count(*) FILTER (_label_kind = '${kind}' AND label = 1)} AS ${kind}`
  return queryRow(
    connection,
    `SELECT ${count('verified')}, ${count('weak')} FROM training WHERE NOT validates`,
    z.object({ verified: Labels, weak: Labels }),
  )
}

const Labels = z.object({ known: Count, positive: Count })

async function putTable(
  context: DataContext,
  { connection, folder }: DuckDb,
  { dataset, name, rows }: { dataset: string; name: string; rows: string },
): Promise<ObjectRef> {
  const path = join(folder, `${name}.parquet`)
  await connection.run(`COPY (${rows}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`)
  const count = await parquetRows(connection, path)
  return putFile(context.storage, datasetFolder(dataset, 'selections'), path, { extension: '.parquet', rows: count })
}
