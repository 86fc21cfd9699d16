/**
 * Erasing rows of quarantine. What waits of the others moves to a quarantine of its own, by an entry that says so: as if all had
 * been taken out to be judged again, and only the person's rows had not come back.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { type ObjectRef, objectFile, putFile } from '../../storage/objects.js'
import { type Commit, NO_ROWS } from '../dataset/commit.js'
import { committedBatches, datasetFolder, datasetLog, idOf } from '../dataset/dataset-log.js'
import { openSnapshot } from '../dataset/snapshot.js'
import { type DataContext, type DuckDb, withDuckDb } from '../engine/context.js'
import { Count, parquetColumns, queryRows } from '../engine/query.js'
import { PARTITION_FORMAT, parquetScan, sqlText } from '../engine/sql.js'
import { hasReason, rowsOf, type WaitingBatch, waitingBatches } from '../quarantine/quarantine.js'
import type { SearchRequest } from './find-person.js'
import { isPersonAsText } from './person.js'

/** Whose rows to erase, and on whose behalf. */
export interface EraseQuarantinedRequest extends SearchRequest {
  readonly dataset: string
  readonly why: string
  readonly actor: string
}

/** Erases what waits of a person in the quarantine of a commit, and gives the number of rows; 0 when nothing waits of it. */
export async function eraseQuarantined(
  context: DataContext,
  of: number,
  request: EraseQuarantinedRequest,
): Promise<number> {
  const { dataset, why, actor, signal } = request
  const log = datasetLog(context.storage, dataset)
  for (;;) {
    const { commits, seq: expectedSeq } = await openSnapshot(context, dataset)
    const waiting = waitingBatches(commits).find(({ commit }) => commit.seq === of)
    if (waiting?.commit.quarantine === undefined) return 0
    const file = await objectFile(context.storage, waiting.commit.quarantine)
    const { removed } = (await committedBatches(log)).batches
    const left = await withDuckDb({ ...context, threads: 1 }, { readable: [file], signal }, (duckDb) =>
      storeLeft({ context, duckDb, request }, { waiting, file }, (key) => removed[key] === true),
    )
    const { commit, rows } = waiting
    const erased = rows - rowsOf(left.reasons)
    const { stopped } = commit.receipt
    const body: Commit = {
      batch: commit.batch,
      source: commit.source,
      receipt: {
        ...NO_ROWS,
        rowsIn: rows,
        quarantined: rows - erased,
        erased,
        reasons: left.reasons,
        ...(stopped === undefined ? {} : { stopped }),
      },
      ...(left.object === undefined ? {} : { quarantine: left.object }),
      taken: { of, verb: 'erase', rule: null, why },
      from: null,
      to: null,
      specRevision: commit.specRevision,
    }
    const outcome = await log.append({ id: idOf(['taken', of, 'erase', null]), actor, body, expectedSeq })
    if (outcome.kind !== 'stale') return erased
  }
}

interface Work {
  readonly context: DataContext
  readonly duckDb: DuckDb
  readonly request: EraseQuarantinedRequest
}

/** Stores what waits and is not the person's. No object when nothing is left. */
async function storeLeft(
  { context, duckDb, request }: Work,
  { waiting, file }: { readonly waiting: WaitingBatch; readonly file: string },
  isRemoved: (key: string) => boolean,
): Promise<{ readonly reasons: Readonly<Record<string, number>>; readonly object?: ObjectRef }> {
  const { connection, folder } = duckDb
  const isMeant = isPersonAsText(request.person, { ...request, columns: await parquetColumns(connection, [file]) })
  const path = join(folder, 'left.parquet')
  const rows = `SELECT * FROM ${parquetScan([file])} WHERE ${hasReason(waiting.reasons)} AND ${isMeant} IS NOT TRUE`
  const copied = await connection.run(`COPY (${rows} ORDER BY _row) TO ${sqlText(path)} (${PARTITION_FORMAT})`)
  if (copied.rowsChanged === 0) return { reasons: {} }
  const counted = await queryRows(
    connection,
    `SELECT _reason AS reason, count(*) AS rows FROM ${parquetScan([path])} GROUP BY ALL ORDER BY ALL`,
    z.object({ reason: z.string(), rows: Count }),
  )
  const options = { extension: '.parquet', rows: copied.rowsChanged, isRemoved }
  return {
    reasons: Object.fromEntries(counted.map(({ reason, rows }) => [reason, rows])),
    object: await putFile(context.storage, datasetFolder(request.dataset, 'quarantine'), path, options),
  }
}
