/**
 * Rows of a PostgreSQL table or query, in the order of a key. The cursor is the key of the last row that was read.
 *
 * Rows do not become visible in the order of their keys: a transaction that took a lower key may commit later. A batch
 * ends at a key below which nothing can appear any more; what that needs depends on the type of the key.
 *
 * 1. `xid8`, with DEFAULT pg_current_xact_id(): the batch ends below the oldest transaction of its snapshot. All older
 *    ones have ended, and later ones get higher numbers. This needs no clock and holds on a standby too.
 * 2. `timestamptz`, with the server's now() or clock_timestamp(): only keys older than the safety lag are read, after every
 *    transaction has ended that began before the last of them. What begins later has later keys. The lag covers the moment
 *    between the clock's reading and the transaction's lock, and a clock that is set back by less.
 * 3. `smallint`, `integer` and `bigint`, with a sequence: the last key is chosen first, and read after every transaction
 *    has ended that was open then. Whoever took a lower key was open then, or had ended.
 *
 * Conditions, which the server cannot tell: a key is taken inside the transaction that writes the row (no blocks of keys
 * that an application keeps), it is given by the server's clock or sequence, and a row appears in a query at the latest
 * with the transaction that gave its key. A transaction that does not end within the safety lag makes the source
 * unavailable, with its process named; nothing is skipped. Refused are other types (a `timestamp` repeats an hour when
 * clocks change, `uuid` and text are made by clients), sequences that hand out blocks, and, for 2 and 3, standbys.
 *
 * Rows of one key are never cut in two: a batch holds all of its last key, or none. A row that is updated is another row if
 * its key moves, and not seen if it does not; a row that is deleted before it was read is not seen either.
 */
import { Client } from 'pg'
import { RefitError } from '../errors.js'
import { nextEnd, settle } from './postgres/horizon.js'
import { describeRelation, type RelationRequest } from './postgres/relation.js'
import { jsonLines } from './postgres/rows.js'
import { type PostgresServer, withSession } from './postgres/session.js'
import type { BatchSource, Source } from './source.js'
import { writeBatch } from './write-batch.js'

/** What is read, from where, and how. */
export interface PostgresOptions extends PostgresServer, RelationRequest {
  /** How late a transaction may commit; see the head of this file. */
  readonly safetyLagSeconds: number
  /** Rows of a batch; more only where several have one key. */
  readonly batchRows: number
}

/** Rows of a table or a query, as JSON lines. */
export function createPostgresSource(options: PostgresOptions): Source {
  const { from, key, batchRows, safetyLagSeconds } = options
  const name = 'table' in from ? from.table : 'query'
  const action = `Cannot read ${'table' in from ? `table "${from.table}"` : 'the query'} of data.source`
  const origin = `postgres:${name} by ${key}`
  return {
    async find(known, { signal }) {
      const after = known.cursor(origin)
      const batch = batchAfter({ name, origin, after })
      if (known.has(batch)) return { batches: [], isLast: true }
      const waits = await withSession(options, { action, signal }, (transact) =>
        transact(async (transaction) => {
          const relation = await describeRelation(transaction, options)
          return (await nextEnd(transaction, relation, { after, limit: 1, safetyLagSeconds })) !== undefined
        }),
      )
      return { batches: waits ? [batch] : [], isLast: !waits }
    },

    async fetch(batch, to, { signal } = {}) {
      const after = batch.place?.after ?? ''
      return withSession(options, { action, signal }, async (transact) => {
        const { relation, upTo } = await transact(async (transaction) => {
          const relation = await describeRelation(transaction, options)
          return { relation, upTo: await nextEnd(transaction, relation, { after, limit: batchRows, safetyLagSeconds }) }
        })
        if (upTo === undefined) return undefined
        await settle(transact, { action, keyType: relation.keyType, upTo, safetyLagSeconds, signal })
        const { bytes, sha256 } = await transact((transaction) =>
          writeBatch(jsonLines(transaction, relation, { after, upTo }), to, signal),
        )
        // All of them were deleted in between.
        if (bytes === 0) return undefined
        const modifiedAt = new Date().toISOString()
        return { batch: { ...batch, bytes, modifiedAt, place: { origin, after, upTo } }, sha256 }
      })
    },
  }
}

function batchAfter({ name, origin, after }: { name: string; origin: string; after: string }): BatchSource {
  return {
    path: `postgres:${name} after ${after || 'the beginning'}`,
    bytes: 0,
    modifiedAt: new Date().toISOString(),
    format: 'json',
    place: { origin, after, upTo: null },
  }
}

/**
 * The address in the environment variable `name`, with what of it may be shown: `postgres://host:port/database`. Rejects with
 * `NotAllowed` when the variable is not set, with `InvalidInput` when it holds no address.
 */
export function postgresAddress(name: string, env: NodeJS.ProcessEnv): PostgresAddress {
  const connectionString = env[name]
  const what = `Cannot read from PostgreSQL: the environment variable ${name} that holds its address`
  if (connectionString === undefined || connectionString === '') {
    throw new RefitError('NotAllowed', `${what} is not set. Set it for the worker.`)
  }
  const shown = /^postgres(ql)?:\/\//.test(connectionString) ? shownAddress(connectionString) : undefined
  if (shown !== undefined) return { connectionString, shown }
  // Neither the value nor the error that names it: both may hold the password.
  throw new RefitError(
    'InvalidInput',
    `${what} is not of the form postgres://user:password@host:5432/database. Correct it.`,
  )
}

/** The address of a server. */
export interface PostgresAddress {
  /** With user and password: a secret. */
  readonly connectionString: string
  readonly shown: string
}

/** As the library will use it: parameters of an address can name another host than its beginning. */
function shownAddress(connectionString: string): string | undefined {
  try {
    const { host, port, database = '' } = new Client({ connectionString })
    return `postgres://${host.includes(':') ? `[${host}]` : host}:${port}/${database}`
  } catch {
    return undefined
  }
}
