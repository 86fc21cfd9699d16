/** The account of the answers of a feed: what became of each that was kept. */
import { z } from 'zod'
import type { ModelSpec } from '../../spec/spec.js'
import type { Snapshot } from '../dataset/commit.js'
import { filesOfPartitions, rowsOfPartitions } from '../dataset/snapshot-rows.js'
import { type DataContext, type DuckDb, withDuckDb } from '../engine/context.js'
import { Count, columnsOf, queryRow } from '../engine/query.js'
import { sqlTime } from '../engine/sql.js'
import { answerFiles, type FeedAnswers, type FeedPositions, openAnswers } from './answers.js'
import { keyCondition, knownAnswers, timeCondition } from './labelled-rows.js'

/** Answers by what became of them; `kept` is the sum of the others. */
export interface AnswerAccount {
  readonly kept: number
  /** They belong to an event, though a newer or a better answer may say more. */
  readonly joined: number
  /** Rule `beforeEvent`: known before the event of their key happened. */
  readonly beforeEvent: number
  /** Rule `tooLate`: known later than the feed's `withinDays` after it. */
  readonly tooLate: number
  /** No event of their key has arrived. */
  readonly noEvent: number
  /** What they say is NULL. */
  readonly saysNothing: number
  /** They become known later than now. */
  readonly notYet: number
}

/** What is looked at. */
export interface AccountRequest {
  readonly spec: ModelSpec
  readonly snapshot: Snapshot
  readonly answers: FeedPositions
  /** Event time that counts as now, ISO 8601. */
  readonly asOf: string
}

/** The account of each feed, by its name. Reads the keys of all events. */
export async function accountForAnswers(
  context: DataContext,
  { spec, snapshot, answers: positions, asOf }: AccountRequest,
): Promise<ReadonlyMap<string, AnswerAccount>> {
  const files = await filesOfPartitions(context.storage, snapshot.partitions)
  const answers = await openAnswers(context, spec, positions)
  const accounts = new Map<string, AnswerAccount>()
  await withDuckDb(context, { readable: [...files, ...answerFiles(answers)] }, async (duckDb) => {
    const rows = files.length === 0 ? undefined : rowsOfPartitions(snapshot.partitions, files)
    for (const of of answers) accounts.set(of.name, await accountFor(duckDb, { spec, of, rows, asOf }))
  })
  return accounts
}

interface FeedLook {
  readonly spec: ModelSpec
  readonly of: FeedAnswers
  /** A relation of the events; undefined before any arrived. */
  readonly rows: string | undefined
  readonly asOf: string
}

async function accountFor({ connection }: DuckDb, { spec, of, rows, asOf }: FeedLook): Promise<AnswerAccount> {
  if (of.files.length === 0) return NO_ANSWERS
  const columns = {
    rows: rows === undefined ? new Map<string, string>() : await columnsOf(connection, rows),
    answers: await columnsOf(connection, knownAnswers(of)),
  }
  const sameKey = keyCondition(spec, of.feed, columns)
  const events =
    rows === undefined || sameKey === undefined ? 'SELECT NULL::TIMESTAMP AS _time LIMIT 0' : `SELECT * FROM ${rows}`
  const answers = `SELECT n._file, n._position, any_value(n._label) AS label, any_value(n._known) AS known,
      count(e._time) AS events, bool_or(n._known >= e._time) AS isAfter, bool_or(${timeCondition(of.feed)}) AS fits
    FROM ${knownAnswers(of)} n LEFT JOIN (${events}) e ON ${sameKey ?? 'FALSE'} GROUP BY n._file, n._position`
  const fate = `CASE WHEN label IS NULL THEN 'saysNothing' WHEN known > ${sqlTime(asOf)} THEN 'notYet'
    WHEN events = 0 THEN 'noEvent' WHEN NOT isAfter THEN 'beforeEvent' WHEN NOT fits THEN 'tooLate' ELSE 'joined' END`
  const counts = FATES.map((name) => `count(*) FILTER (fate = '${name}') AS "${name}"`)
  return queryRow(
    connection,
    `SELECT count(*) AS kept, ${counts.join(', ')} FROM (SELECT ${fate} AS fate FROM (${answers}))`,
    Account,
  )
}

const FATES = ['joined', 'beforeEvent', 'tooLate', 'noEvent', 'saysNothing', 'notYet'] as const

const Account = z.object({
  kept: Count,
  joined: Count,
  beforeEvent: Count,
  tooLate: Count,
  noEvent: Count,
  saysNothing: Count,
  notYet: Count,
})

const NO_ANSWERS: AnswerAccount = {
  ...{ kept: 0, joined: 0, beforeEvent: 0, tooLate: 0, noEvent: 0, saysNothing: 0, notYet: 0 },
}
