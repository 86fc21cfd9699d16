/** Up to which key nothing can appear any more. The proof is at the head of `postgres.ts`; this file keeps to it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { RefitError, unreachable } from '../../errors.js'
import type { Stoppable } from '../source.js'
import { type NextKey, nextKey, type Relation } from './relation.js'
import { READER_NAME, type Transact, type Transaction } from './session.js'

/** Between two looks at what is open. */
const LOOK_EVERY_MS = 100

/** The key that the next batch ends at, as text, as far as one snapshot can tell; `undefined` when there is none yet. */
export async function nextEnd(
  transaction: Transaction,
  relation: Relation,
  { after, limit, safetyLagSeconds }: Pick<NextKey, 'after' | 'limit'> & { readonly safetyLagSeconds: number },
): Promise<string | undefined> {
  const { keyType } = relation
  switch (keyType) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      await requirePrimary(transaction)
      return nextKey(transaction, relation, { after, limit, where: () => 'true', values: [] })
    case 'timestamptz': {
      await requirePrimary(transaction)
      const where = (key: string, value: string) => `${key} <= now() - make_interval(secs => ${value})`
      return nextKey(transaction, relation, { after, limit, where, values: [safetyLagSeconds] })
    }
    case 'xid8': {
      await requireSameHistory(transaction, after)
      const where = (key: string) => `${key} < pg_snapshot_xmin(pg_current_snapshot())`
      return nextKey(transaction, relation, { after, limit, where, values: [] })
    }
    default:
      return unreachable(keyType)
  }
}

/** What must have ended before rows up to a key are read. */
export interface Settling extends Stoppable {
  /** Begins the message of an error. */
  readonly action: string
  readonly keyType: Relation['keyType']
  readonly upTo: string
  /** Longest wait. */
  readonly safetyLagSeconds: number
}

/**
 * Waits until every transaction has ended that may still make a row appear up to the key. Rejects with `SourceUnavailable`
 * when one stays open.
 */
export async function settle(transact: Transact, settling: Settling): Promise<void> {
  const { keyType, upTo, safetyLagSeconds, signal } = settling
  if (keyType === 'xid8') return
  const begunUntil = keyType === 'timestamptz' ? upTo : null
  const look = () => transact((transaction) => openTransactions(transaction, begunUntil))
  const deadline = performance.now() + safetyLagSeconds * 1000
  const first = new Set((await look()).map(({ id }) => id))
  for (;;) {
    const [open] = (await look()).filter(({ id, isPrepared }) => isPrepared || first.has(id))
    if (open === undefined) return
    if (performance.now() >= deadline) throw stillOpen(settling, open)
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  }
}

function stillOpen({ action, safetyLagSeconds }: Settling, open: OpenTransaction): RefitError {
  const who = open.isPrepared ? `the prepared transaction ${open.id}` : `a transaction of process ${open.pid}`
  const since = open.since === null ? '' : ` since ${open.since}`
  const reason = `${who} is open${since} and may still write rows with earlier keys; it was waited for ${safetyLagSeconds} s`
  const wayOut = 'End it, raise data.source.safetyLagSeconds, or use a key of type xid8.'
  return new RefitError('SourceUnavailable', `${action}: ${reason}. ${wayOut}`)
}

const OpenTransaction = z.object({
  id: z.string(),
  pid: z.number().nullable(),
  since: z.string().nullable(),
  isPrepared: z.boolean(),
})
type OpenTransaction = z.infer<typeof OpenTransaction>

/**
 * Transactions of this database that may write: anybody sees their locks, though not what they do. Left out are the
 * server's own workers, which have no user, and readers such as this one. Where the beginning may not be seen (another's
 * transaction, without pg_read_all_stats), it may have been early. A transaction that is prepared loses its lock but is
 * not over, and when it began is not known.
 */
const OPEN_TRANSACTIONS = `
  SELECT virtualxid AS id, pid, xact_start::text AS since, false AS "isPrepared"
  FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE locktype = 'virtualxid' AND virtualxid = virtualtransaction AND granted
    AND datname = current_database() AND usesysid IS NOT NULL AND application_name IS DISTINCT FROM $1
    AND ($2::timestamptz IS NULL OR xact_start IS NULL OR xact_start <= $2::timestamptz)
  UNION ALL
  SELECT transaction::text, NULL, prepared::text, true FROM pg_prepared_xacts WHERE database = current_database()`

const openTransactions = (transaction: Transaction, begunUntil: string | null) =>
  transaction.rows(OpenTransaction, OPEN_TRANSACTIONS, [READER_NAME, begunUntil])

/** A standby shows rows of its primary, but not which transactions are open there. */
async function requirePrimary(transaction: Transaction): Promise<void> {
  const [server] = await transaction.rows(z.object({ standby: z.boolean() }), 'SELECT pg_is_in_recovery() AS standby')
  if (server?.standby !== true) return
  const reason = 'the server is a standby, which does not know what is still open at its primary'
  const wayOut = 'Name the primary, or use a key of type xid8.'
  throw new RefitError('SourceUnavailable', `${transaction.action}: ${reason}. ${wayOut}`)
}

/** A server that was restored from a dump counts its transactions anew: all that it writes would be skipped. */
async function requireSameHistory(transaction: Transaction, after: string): Promise<void> {
  if (after === '') return
  const [server] = await transaction.rows(
    z.object({ next: z.string(), isBehind: z.boolean() }),
    'SELECT pg_snapshot_xmax(now)::text AS next, pg_snapshot_xmax(now) <= $1::xid8 AS "isBehind" FROM pg_current_snapshot() AS now',
    [after],
  )
  if (server?.isBehind !== true) return
  const reason = `the source stands at transaction ${after}, but the server is only at ${server.next}: it was restored or replaced`
  throw new RefitError(
    'SourceUnavailable',
    `${transaction.action}: ${reason}. Name the server that was read before, or a key of another name.`,
  )
}
