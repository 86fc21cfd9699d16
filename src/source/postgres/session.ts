/** Talks to a PostgreSQL server: one connection a call, transactions that only read, errors as the port promises. */
import { Client, DatabaseError, type FieldDef } from 'pg'
import { z } from 'zod'
import { RefitError } from '../../errors.js'
import type { Stoppable } from '../source.js'
import { connectFailure, statementFailure } from './failure.js'

/** A server that does not greet within this time is taken for one that is away. */
const CONNECT_TIMEOUT_MS = 10_000
/** The server ends a statement itself; when its word does not come that long after, the way to it is broken. */
const SILENCE_MS = 10_000
/** For a farewell and for a request to cancel: nothing is lost when they do not arrive. */
const COURTESY_MS = 2_000
/** Tells transactions that only read here from those that may still write; see `horizon.ts`. */
export const READER_NAME = 'refit source, reads only'

/** A server, and how it is talked to. */
export interface PostgresServer {
  /** Address with user and password: a secret. */
  readonly connectionString: string
  /** The environment variable that it is from, for messages. */
  readonly connectionEnv: string
  /** Longest time of one statement; the server ends it. */
  readonly statementTimeoutSeconds: number
}

/** What a session is for. */
export interface SessionOptions extends Stoppable {
  /** Begins the messages of errors, such as `Cannot read table "orders"`. */
  readonly action: string
}

/** Runs work in a transaction that only reads, in one snapshot, with times in UTC and as ISO 8601. */
export type Transact = <T>(work: (transaction: Transaction) => Promise<T>) => Promise<T>

/** Statements, one at a time; values are `$1`, `$2` and so on. */
export interface Transaction {
  /** Begins the messages of errors. */
  readonly action: string
  rows<T>(shape: z.ZodType<T>, sql: string, values?: readonly unknown[]): Promise<readonly T[]>
  /** The columns that a query has. */
  columns(sql: string): Promise<readonly FieldDef[]>
}

/**
 * Connects, works, and closes. Rejects with `SourceUnavailable` when the server cannot be reached, refuses the credentials
 * or is too slow, with `InvalidSpec` or `NotAllowed` when it refuses a statement, with `Cancelled` when stopped: the
 * statement that runs is then cancelled on the server.
 */
export async function withSession<T>(
  server: PostgresServer,
  { action, signal }: SessionOptions,
  work: (transact: Transact) => Promise<T>,
): Promise<T> {
  if (isAborted(signal)) throw cancelled(action)
  const client = openClient(server, CONNECT_TIMEOUT_MS)
  const reasonFor = keepReason(client)
  const stop = () => void cancelStatement(server, client)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    await client.connect().catch((thrown: unknown) => {
      throw connectFailure({ action, server, thrown })
    })
    const session = { client, server, action, reasonFor }
    const result = await work((inside) => inTransaction(session, inside))
    await close(client)
    return result
  } catch (thrown) {
    client.connection.stream.destroy()
    throw isAborted(signal) ? cancelled(action, thrown) : thrown
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true

const cancelled = (action: string, cause?: unknown): RefitError =>
  new RefitError('Cancelled', `${action}: the caller stopped it.`, { cause })

function openClient({ connectionString, statementTimeoutSeconds }: PostgresServer, timeoutMs: number): Client {
  const client = new Client({
    connectionString,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: statementTimeoutSeconds * 1000 + SILENCE_MS,
    keepAlive: true,
  })
  // A connection that breaks between two statements says so here; without a listener that would end the process.
  client.on('error', () => undefined)
  return client
}

/**
 * Remembers why a connection broke between two statements: the next statement only says that it is broken. Gives the reason
 * of a failed statement.
 */
function keepReason(client: Client): (thrown: unknown) => unknown {
  let brokenBy: unknown
  client.on('error', (thrown) => {
    brokenBy ??= thrown
  })
  return (thrown) => (thrown instanceof DatabaseError ? thrown : (brokenBy ?? thrown))
}

interface Session {
  readonly client: Client
  readonly server: PostgresServer
  readonly action: string
  readonly reasonFor: (thrown: unknown) => unknown
}

async function inTransaction<T>(
  { client, server, action, reasonFor }: Session,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const run = async (text: string, values: readonly unknown[] = []) => {
    // The extended protocol takes one statement only: a query of a spec cannot bring a second one.
    const statement = { text, values: [...values], queryMode: 'extended' as const }
    return client.query(statement).catch((thrown: unknown) => {
      throw statementFailure({ action, server, thrown: reasonFor(thrown) })
    })
  }
  await run('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  // For this transaction alone: a pooler may give the connection to somebody else afterwards.
  await run(
    `SELECT set_config('statement_timeout', $1, true), set_config('application_name', $2, true),
      set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true)`,
    [String(Math.round(server.statementTimeoutSeconds * 1000)), READER_NAME],
  )
  const result = await work({
    action,
    rows: async (shape, sql, values) => z.array(shape).parse((await run(sql, values)).rows),
    columns: async (sql) => (await run(sql)).fields,
  })
  await run('COMMIT')
  return result
}

/** Asks the server to end what the client runs, then hangs up. The connection stays until then: its process is ours. */
async function cancelStatement(server: PostgresServer, client: Client): Promise<void> {
  const other = openClient(server, COURTESY_MS)
  try {
    await other.connect()
    await other.query('SELECT pg_cancel_backend($1)', [processOf(client)])
    await close(other)
  } catch {
    // The server ends the statement by itself when its time is over.
    other.connection.stream.destroy()
  } finally {
    client.connection.stream.destroy()
  }
}

/** The server's process of a connection: the library has it, its types do not. */
function processOf(client: Client): number {
  return z.object({ processID: z.number() }).parse(client).processID
}

/** Says farewell, and hangs up when no answer comes. */
async function close(client: Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), COURTESY_MS)
  await client.end()
  clearTimeout(timer)
}
