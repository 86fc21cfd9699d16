/**
 * Rows with their label as it was known at a time: the one place that joins answers to events. What must hold:
 *
 * 1. An answer that became known after `asOf` does not exist, whenever it arrived.
 * 2. It belongs to the rows whose key it has and that happened no later than it, and within its feed's days.
 * 3. Verified answers are better than a label that came with the row, and that is better than weak answers. Of several
 *    answers of a kind the newest counts; of one time that of the feed whose name comes first, then the one that arrived last.
 */
import { COLUMN_TYPES } from '../../spec/columns.js'
import { eventKeyOf, type LabelFeed, weightOf } from '../../spec/label-feed.js'
import type { ModelSpec } from '../../spec/spec.js'
import { rowsOfPartitions } from '../dataset/snapshot-rows.js'
import type { DuckDb } from '../engine/context.js'
import { columnsOf } from '../engine/query.js'
import { sqlDays, sqlName, sqlNumber, sqlText, sqlTime } from '../engine/sql.js'
import { type FeedAnswers, type FeedPositions, isByDay, ordinalsUpTo } from './answers.js'

/** An earlier state of what is known, to tell what is new since. */
export interface Moment {
  /** Event time that counted as now, ISO 8601. */
  readonly asOf: string
  /** Commits that had kept rows by then: `_file` of their rows is below. */
  readonly ordinals: number
  readonly positions: FeedPositions
}

/** Which rows, and which answers about them. */
export interface LabelledRowsRequest {
  readonly spec: ModelSpec
  /** A relation with the columns of partitions, and `_file` and `_position` of each row. */
  readonly rows: string
  readonly answers: readonly FeedAnswers[]
  /** Event time that counts as now, ISO 8601. */
  readonly asOf: string
  /** Earlier moments, by a name that is safe in SQL. */
  readonly moments?: Readonly<Record<string, Moment>>
}

/**
 * Gives a SELECT of the rows with all their columns, in which `_label` is the label that is known (NULL for none), and with
 * `_weight` (DOUBLE), `_label_kind` (`verified`, also for a label that came with the row; `weak`; NULL) and `_examines`
 * (whether the label may examine models). For each moment M, `_verified_M` and `_labelled_M` tell whether the row was there
 * and its delay over, with a verified label or any. It uses a table of the instance: one call for each instance.
 */
export async function labelledRows(duckDb: DuckDb, request: LabelledRowsRequest): Promise<string> {
  const { rows, answers, moments = {} } = request
  if (answers.length === 0 && Object.keys(moments).length === 0) {
    const kind = `CASE WHEN _label IS NOT NULL THEN 'verified' END`
    return `SELECT *, CAST(1 AS DOUBLE) AS _weight, ${kind} AS _label_kind, TRUE AS _examines FROM ${rows}`
  }
  await duckDb.connection.run(`CREATE TEMP TABLE _answers AS ${await bestAnswers(duckDb, request)}`)
  const isVerified = 'a.verified IS NOT NULL OR r._label IS NOT NULL'
  const then = Object.entries(moments).flatMap(([name, moment]) => wasLabelled(request, name, moment))
  return `SELECT r.* EXCLUDE (_label), COALESCE(a.verified.answer, r._label, a.weak.answer) AS _label,
    CASE WHEN a.verified IS NOT NULL THEN a.verified.weight WHEN r._label IS NOT NULL THEN 1 ELSE a.weak.weight END AS _weight,
    CASE WHEN ${isVerified} THEN 'verified' WHEN a.weak IS NOT NULL THEN 'weak' END AS _label_kind,
    CASE WHEN ${isVerified} THEN TRUE ELSE COALESCE(a.weak.examines, FALSE) END AS _examines
    ${then.map((column) => `, ${column}`).join('')}
    FROM ${rows} r LEFT JOIN _answers a ON a._file = r._file AND a._position = r._position`
}

/** The best answer of each kind about each row that has any. */
async function bestAnswers({ connection }: DuckDb, request: LabelledRowsRequest): Promise<string> {
  const ofRows = await columnsOf(connection, request.rows)
  const found: string[] = []
  for (const [index, answers] of request.answers.entries()) {
    if (answers.files.length === 0) continue
    const there = await columnsOf(connection, knownAnswers(answers))
    const sameKey = keyCondition(request.spec, answers.feed, { rows: ofRows, answers: there })
    // A part of the key was never there.
    if (sameKey !== undefined) found.push(matches(request, { answers, index, sameKey }))
  }
  const all = found.length === 0 ? noMatch(request) : found.join(' UNION ALL ')
  const best = (kind: string) => `max_by(answer, rank) FILTER (kind = '${kind}') AS ${kind}`
  const then = Object.keys(request.moments ?? {}).flatMap((name) => [
    `bool_or(_then_${name}) FILTER (kind = 'verified') AS _verified_${name}`,
    `bool_or(_then_${name}) AS _labelled_${name}`,
  ])
  const columns = ['_file', '_position', best('verified'), best('weak'), ...then]
  return `SELECT ${columns.join(', ')} FROM (${all}) GROUP BY _file, _position`
}

interface Match {
  readonly answers: FeedAnswers
  /** Place of the feed among all feeds. */
  readonly index: number
  readonly sameKey: string
}

/** Each pair of a row and an answer of the feed that belongs to it. */
function matches(request: LabelledRowsRequest, { answers, index, sameKey }: Match): string {
  const { rows, asOf, moments = {} } = request
  const { name, feed, partitions } = answers
  const then = Object.entries(moments).map(([moment, { asOf: past, positions }]) => {
    const before = ordinalsUpTo(partitions, positions[name] ?? 0)
    return `n._file < ${before} AND n._known <= ${sqlTime(past)} AS _then_${moment}`
  })
  const answer = `{answer: n._label, weight: ${sqlNumber(weightOf(feed))}, examines: ${feed.mayExamine}}`
  const columns = [
    ...['e._file', 'e._position', `${sqlText(feed.kind)} AS kind`, `${answer} AS answer`],
    ...[`ROW(n._known, ${-index}, n._file, n._position) AS rank`, ...then],
  ]
  const known = `SELECT * FROM ${knownAnswers(answers)} WHERE _label IS NOT NULL AND _known <= ${sqlTime(asOf)}`
  return `SELECT ${columns.join(', ')} FROM ${rows} e JOIN (${known}) n ON ${sameKey} AND ${timeCondition(feed)}`
}

/** Columns by name. */
type Columns = ReadonlyMap<string, string>

/**
 * Whether the answer `n` has the key of the event `e`; `undefined` where a part of the key is not among the columns. A column may
 * have had another type when it came in.
 */
export function keyCondition(
  { data }: ModelSpec,
  feed: LabelFeed,
  columns: { readonly rows: Columns; readonly answers: Columns },
): string | undefined {
  const pairs = eventKeyOf(feed).map((theirs, place) => [theirs, feed.key[place] ?? theirs] as const)
  if (!pairs.every(([theirs, own]) => columns.rows.has(theirs) && columns.answers.has(own))) return undefined
  const parts = pairs.map(([theirs, own]) => {
    const type = COLUMN_TYPES[(data.columns[theirs] ?? data.derived[theirs])?.type ?? 'string']
    return `TRY_CAST(e.${sqlName(theirs)} AS ${type}) = TRY_CAST(n.${sqlName(own)} AS ${type})`
  })
  return parts.join(' AND ')
}

/** Whether the answer `n`, known at `_known`, came after the event `e`, and soon enough. */
export const timeCondition = ({ withinDays }: LabelFeed): string =>
  ['n._known >= e._time', ...(withinDays === undefined ? [] : [`n._known <= e._time + ${sqlDays(withinDays)}`])].join(
    ' AND ',
  )

/** A relation of answers, as partitions have them, with `_known`: when each became known. */
export const knownAnswers = ({ feed, partitions, files }: FeedAnswers): string =>
  `(SELECT *, ${knownAt(feed)} AS _known FROM ${rowsOfPartitions(partitions, files)})`

/** When an answer became known. Within a day alone nobody can say what came first. */
const knownAt = (feed: LabelFeed): string => (isByDay(feed) ? `(_time + ${sqlDays(1)})` : '_time')

/** The columns of `matches`, without a row. */
function noMatch({ moments = {} }: LabelledRowsRequest): string {
  const then = Object.keys(moments).map((name) => `, FALSE AS _then_${name}`)
  return `SELECT 0 AS _file, 0 AS _position, '' AS kind, {answer: FALSE, weight: 0::DOUBLE, examines: FALSE} AS answer,
    ROW(NULL::TIMESTAMP, 0, 0, 0) AS rank ${then.join('')} LIMIT 0`
}

/** Whether a row was there at a moment, its delay over, and labelled. */
function wasLabelled({ spec }: LabelledRowsRequest, name: string, { asOf, ordinals }: Moment): readonly string[] {
  const wasThere = `r._file < ${ordinals} AND r._time <= ${sqlTime(asOf)} - ${sqlDays(spec.data.label.delayDays)}`
  return ['verified', 'labelled'].map(
    (what) => `(${wasThere} AND (r._label IS NOT NULL OR COALESCE(a._${what}_${name}, FALSE))) AS _${what}_${name}`,
  )
}

/** Whether the delay of a row's label is over: a condition on `_time`. Before, labels that are there are a biased few. */
export const isMature = ({ data }: ModelSpec, asOf: string): string =>
  `_time <= ${sqlTime(asOf)} - ${sqlDays(data.label.delayDays)}`
