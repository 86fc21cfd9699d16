/**
 * A person takes rows out of quarantine. What must always be true:
 *
 * 1. A row is in one place: the entry of the log that takes it is what moves it, and says of which commit it comes.
 * 2. The judgement and the entry belong together: when anything was committed in between, it is judged again.
 * 3. The same wish twice is one entry, and changes nothing the second time.
 */
import { isRefitError, messageOf, RefitError } from '../../errors.js'
import type { ModelSpec } from '../../spec/spec.js'
import { objectFile } from '../../storage/objects.js'
import { type Commit, NO_ROWS, type PositionedCommit, type Taken } from '../dataset/commit.js'
import type { DatasetLog } from '../dataset/dataset-entry.js'
import { commitAt, commitIn, committedBatches, datasetLog, idOf } from '../dataset/dataset-log.js'
import { openSnapshot } from '../dataset/snapshot.js'
import { type DataContext, type DuckDb, withDuckDb } from '../engine/context.js'
import { lendFile } from '../engine/lend-file.js'
import { parquetColumns } from '../engine/query.js'
import { parquetScan, sqlName } from '../engine/sql.js'
import { batchFormat } from '../format/batch-format.js'
import type { CountedRows } from '../format/raw-rows.js'
import { type Contents, duplicateOf, rowStore } from '../ingestion/store-rows.js'
import { type JudgedRows, judgeRows, validateFile } from '../ingestion/validate-file.js'
import { requireExpressions } from '../rules/expressions.js'
import { hasReason, requireWaiting, rowsOf, takesReason, type WaitingBatch } from './quarantine.js'

/** Which rows to take, and on whose behalf. */
export interface TakeRequest {
  /** The spec as it is now: released rows are judged by it. */
  readonly spec: ModelSpec
  readonly specRevision: number
  readonly verb: 'release' | 'drop'
  /** Number of the commit in whose quarantine the rows are. */
  readonly of: number
  /** A reason, or what stands before its colon, such as a column; all rows unless given. */
  readonly rule?: string | undefined
  readonly actor: string
  readonly why: string
  readonly signal?: AbortSignal | undefined
}

/** What became of a wish. `nothing`: no row is sound by the spec, or the bytes can still not be read, so all stays. */
export type TakeOutcome =
  | { readonly kind: 'taken' | 'known'; readonly seq: number; readonly commit: Commit }
  | { readonly kind: 'nothing'; readonly reason: string }

/**
 * Releases rows or drops them. Released rows are read again by the spec as it is now: sound ones are kept, or duplicates, the
 * others are in the quarantine of the new commit; a batch that could not be read is read again from its bytes. The data gate
 * is a person's decision here, but for bytes that nobody has seen the rows of. Rejects with `NotFound` when nothing of the
 * batch waits, with `InvalidSpec` when the spec's SQL cannot be used.
 */
export async function takeRows(context: DataContext, request: TakeRequest): Promise<TakeOutcome> {
  const { spec, specRevision, verb, of, rule = null, actor, why } = request
  const log = datasetLog(context.storage, spec.model)
  const taken: Taken = { of, verb, rule, why }
  for (;;) {
    const { commits, seq: expectedSeq } = await openSnapshot(context, spec.model)
    const known = commits.find((commit) => isSameWish(commit.taken, taken))
    if (known !== undefined) return { kind: 'known', ...(await commitAt(log, known.seq)) }
    const waiting = choose(requireWaiting(commits, of), rule)
    const contents = verb === 'drop' ? dropped(waiting) : await released(context, log, { ...request, waiting })
    if ('kind' in contents) return contents
    const { batch, source } = waiting.commit
    const body: Commit = { batch, source, specRevision, taken, ...contents }
    const result = await log.append({ id: takeId(taken), actor, body, expectedSeq })
    if (result.kind === 'stale') continue
    return { kind: result.kind === 'known' ? 'known' : 'taken', ...commitIn(result.entry) }
  }
}

const isSameWish = (one: Taken | undefined, { of, verb, rule }: Taken): boolean =>
  one !== undefined && one.of === of && one.verb === verb && one.rule === rule

/** Idempotency key of a leaving: why and by whom does not make it another one. */
const takeId = ({ of, verb, rule }: Taken): string => idOf(['taken', of, verb, rule])

function choose(waiting: WaitingBatch, rule: string | null): WaitingBatch {
  if (rule === null) return waiting
  const reasons = Object.fromEntries(Object.entries(waiting.reasons).filter(([reason]) => takesReason(rule, reason)))
  if (rowsOf(reasons) > 0) return { ...waiting, reasons, rows: rowsOf(reasons) }
  const { seq } = waiting.commit
  const known = waiting.unreadable === null ? Object.keys(waiting.reasons).join(', ') : 'none, as it cannot be read'
  throw new RefitError('NotFound', `Cannot find rows of rule "${rule}" in batch ${seq}: reasons there are ${known}.`)
}

function dropped({ rows }: WaitingBatch): Contents {
  return { receipt: { ...NO_ROWS, rowsIn: rows, dropped: rows }, from: null, to: null }
}

interface Release extends TakeRequest {
  readonly waiting: WaitingBatch
}

type Nothing = Extract<TakeOutcome, { readonly kind: 'nothing' }>

async function released(context: DataContext, log: DatasetLog, release: Release): Promise<Contents | Nothing> {
  const { spec, waiting, signal, actor } = release
  const isUnreadable = waiting.unreadable !== null
  const twin = isUnreadable ? await contentsOf(log, waiting.commit) : undefined
  if (twin !== undefined) return twin
  return withDuckDb(context, { readable: [], signal }, async (duckDb) => {
    const judged = await judgeAgain(context, duckDb, release)
    if ('kind' in judged) return judged
    const begin = () => signal?.throwIfAborted()
    const { removed } = (await committedBatches(log)).batches
    const store = rowStore({ context, duckDb, spec, actor, isGated: isUnreadable, begin }, log, judged)
    const contents = await store(removed)
    const { kept, duplicates, quarantined } = contents.receipt
    if (isUnreadable || kept + duplicates > 0) return contents
    return {
      kind: 'nothing',
      reason: `none of ${quarantined} rows is sound by revision ${release.specRevision} of the spec`,
    }
  })
}

/** The same bytes came again and could be read then: all their rows are known. An ordered source never says so. */
async function contentsOf(log: DatasetLog, { batch, source }: PositionedCommit): Promise<Contents | undefined> {
  const seq = source.place === undefined ? (await committedBatches(log)).batches.contents[batch] : undefined
  return seq === undefined ? undefined : duplicateOf((await commitAt(log, seq)).commit)
}

async function judgeAgain(context: DataContext, duckDb: DuckDb, release: Release): Promise<JudgedRows | Nothing> {
  const { spec, waiting, signal } = release
  const { commit, unreadable } = waiting
  if (commit.quarantine === undefined)
    throw new RefitError(
      'StoreCorrupt',
      `Cannot release batch ${commit.seq}: it names no object in quarantine. Restore the log from a backup.`,
    )
  const file = await lendFile(duckDb, await objectFile(context.storage, commit.quarantine), 'source')
  if (unreadable === null) {
    await requireExpressions(duckDb.connection, spec)
    return judgeRows(duckDb, { spec, raw: await quarantinedRows(duckDb, file, release), signal })
  }
  const format = batchFormat(commit.source)
  if (format === undefined) return { kind: 'nothing', reason: unreadable }
  try {
    return await validateFile(duckDb, { spec, path: file, format, signal })
  } catch (thrown) {
    if (!isRefitError(thrown, 'UnreadableSource')) throw thrown
    return { kind: 'nothing', reason: `it can still not be read: ${messageOf(thrown)}` }
  }
}

/** Rows of quarantine as they arrived. A row that could not be taken apart stays broken; a column of today may be missing. */
async function quarantinedRows({ connection }: DuckDb, file: string, { spec, waiting }: Release): Promise<CountedRows> {
  const found = await parquetColumns(connection, [file])
  const columns = Object.keys(spec.data.columns)
  const values = columns.map((name) => (found.has(name) ? sqlName(name) : `NULL::VARCHAR AS ${sqlName(name)}`))
  // Rows of a time before lines were numbered have none.
  const line = found.has('_line') ? '_line' : 'NULL::BIGINT AS _line'
  return {
    relation: `SELECT _row, ${line}, CASE WHEN _text IS NOT NULL THEN _reason END AS _fault, _text, ${values.join(', ')}
      FROM ${parquetScan([file])} WHERE ${hasReason(waiting.reasons)}`,
    types: new Map(columns.map((name) => [name, 'VARCHAR'])),
    rowsIn: waiting.rows,
  }
}
