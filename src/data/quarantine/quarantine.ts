/**
 * What waits in quarantine. Rows leave it by reasons, all rows of a reason at once, and each leaving is an entry of the log:
 * so what still waits of a batch follows from the log alone.
 */
import { z } from 'zod'
import { RefitError } from '../../errors.js'
import { objectFile } from '../../storage/objects.js'
import type { PositionedCommit, Receipt } from '../dataset/commit.js'
import { type DataContext, withDuckDb } from '../engine/context.js'
import { parquetColumns, queryRows } from '../engine/query.js'
import { parquetScan, sqlText } from '../engine/sql.js'

/** A batch of which something waits: rows by reason, or its bytes as a whole. */
export interface WaitingBatch {
  readonly commit: PositionedCommit
  /** Waiting rows; 0 for bytes that could not be read. */
  readonly rows: number
  /** Waiting rows by reason. */
  readonly reasons: Readonly<Record<string, number>>
  /** Why the batch could not be read; null for rows. */
  readonly unreadable: string | null
}

/** What waits, in the order of the log, of all commits up to a position. */
export function waitingBatches(commits: readonly PositionedCommit[]): readonly WaitingBatch[] {
  const takes = takesOf(commits)
  return commits.flatMap((commit) => {
    const { unreadable = null } = commit.receipt
    const reasons = reasonsLeft(commit.receipt, takes.get(commit.seq) ?? [])
    const rows = rowsOf(reasons)
    const waits = unreadable === null ? rows > 0 : !takes.has(commit.seq)
    return waits ? [{ commit, rows, reasons, unreadable }] : []
  })
}

/**
 * Commits that raise no alarm any more, as a person has decided about them: those of which nothing waits since somebody took
 * the rest, and those by which it was taken. By number.
 */
export function decidedCommits(commits: readonly PositionedCommit[]): ReadonlySet<number> {
  const bySeq = new Map(commits.map((commit) => [commit.seq, commit]))
  const waiting = new Set(waitingBatches(commits).flatMap(({ commit }) => originsOf(commit, bySeq)))
  const takes = takesOf(commits)
  const isDecided = ({ seq, taken, receipt }: PositionedCommit) =>
    (taken !== undefined && receipt.stopped === undefined) || (takes.has(seq) && !waiting.has(seq))
  return new Set(commits.filter(isDecided).map(({ seq }) => seq))
}

/** A commit, and those whose rows it only holds since somebody else's were erased beside them: nobody decided about these. */
function originsOf(commit: PositionedCommit, bySeq: ReadonlyMap<number, PositionedCommit>): readonly number[] {
  const origin = commit.taken?.verb === 'erase' ? bySeq.get(commit.taken.of) : undefined
  return origin === undefined ? [commit.seq] : [commit.seq, ...originsOf(origin, bySeq)]
}

/** The rules of each leaving, by the commit that the rows left; null for all rows. */
export function takesOf(commits: readonly PositionedCommit[]): ReadonlyMap<number, readonly (string | null)[]> {
  const takes = new Map<number, (string | null)[]>()
  for (const { taken } of commits) {
    if (taken !== undefined) takes.set(taken.of, [...(takes.get(taken.of) ?? []), taken.rule])
  }
  return takes
}

/** Rows by reason that are left after some were taken. */
export function reasonsLeft(
  { reasons }: Pick<Receipt, 'reasons'>,
  taken: readonly (string | null)[],
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(reasons).filter(([reason, rows]) => rows > 0 && !taken.some((rule) => takesReason(rule, reason))),
  )
}

/** Whether a rule that a person named means a reason: the reason itself, or what stands before its colon; null means all. */
export const takesReason = (rule: string | null, reason: string): boolean =>
  rule === null || reason === rule || reason.startsWith(`${rule}: `)

/** The sum over reasons. */
export const rowsOf = (reasons: Readonly<Record<string, number>>): number =>
  Object.values(reasons).reduce((total, rows) => total + rows, 0)

/** Something of a batch that waits. Rejects with `NotFound`. */
export function requireWaiting(commits: readonly PositionedCommit[], of: number): WaitingBatch {
  const found = waitingBatches(commits).find(({ commit }) => commit.seq === of)
  if (found !== undefined) return found
  const reason = commits.some(({ seq }) => seq === of) ? 'nothing of it waits in quarantine' : 'there is none'
  throw new RefitError('NotFound', `Cannot find batch ${of}: ${reason}. See \`refit quarantine list\`.`)
}

/** A row in quarantine. */
export interface QuarantinedRow {
  /** Number of the row in its batch, from 1. */
  readonly row: number
  /** Line of the file that it begins on, from 1; null where there are no lines. */
  readonly line: number | null
  readonly reason: string
  /** The row as it came, where it could not be taken apart. */
  readonly text: string | null
  /** Values as they came, as texts, by column. */
  readonly values: Readonly<Record<string, string | null>>
}

/** The first rows that wait of a batch, at most `limit`, in their order. None of a batch that could not be read. */
export async function readWaitingRows(
  context: DataContext,
  { commit, reasons, unreadable }: WaitingBatch,
  limit: number,
): Promise<readonly QuarantinedRow[]> {
  if (unreadable !== null || commit.quarantine === undefined) return []
  const file = await objectFile(context.storage, commit.quarantine)
  return withDuckDb(context, { readable: [file] }, async ({ connection }) => {
    const line = (await parquetColumns(connection, [file])).has('_line') ? 'CAST(_line AS DOUBLE)' : 'NULL'
    const found = await queryRows(
      connection,
      `SELECT CAST(_row AS DOUBLE) AS _row, ${line} AS _line, _reason, _text, COLUMNS(name -> NOT starts_with(name, '_'))
        FROM ${parquetScan([file])} WHERE ${hasReason(reasons)} ORDER BY _row LIMIT ${Math.trunc(limit)}`,
      StoredRow,
    )
    return found.map(({ _row: row, _line: line, _reason: reason, _text: text, ...values }) => {
      return { row, line, reason, text, values }
    })
  })
}

/** Names that begin with `_` are never those of a spec's columns. */
const StoredRow = z
  .object({ _row: z.number(), _line: z.number().nullable(), _reason: z.string(), _text: z.string().nullable() })
  .catchall(z.string().nullable())

/** A condition on the rows of a quarantine file. */
export const hasReason = (reasons: Readonly<Record<string, number>>): string =>
  `_reason IN (${Object.keys(reasons).map(sqlText).join(', ')})`
