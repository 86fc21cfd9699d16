/** A connection to Temporal, as the user's environment and profile say. */
import { Client, Connection } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { messageOf, RefitError } from '../errors.js'
import { createRefitClient, type RefitClient } from './client.js'
import { createScheduleKeeper, type ScheduleKeeper } from './schedules.js'

/** A client with the connection it uses. */
export interface RefitConnection {
  readonly client: RefitClient
  readonly schedules: ScheduleKeeper
  /** `host:port` of the server. */
  readonly address: string
  readonly namespace: string
  close(): Promise<void>
}

/** A server that answers at all answers within this time. */
const CONNECT_TIMEOUT_MS = 5_000
/** Far longer than a ruling takes on a busy worker. */
const ANSWER_WITHIN_MS = 30_000

/** Connects to `TEMPORAL_ADDRESS` (or the profile's, or localhost:7233). Rejects with `TemporalUnavailable`. */
export async function connectRefit(): Promise<RefitConnection> {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig()
  const address = connectionOptions.address ?? 'localhost:7233'
  try {
    const connection = await Connection.connect({ ...connectionOptions, address, connectTimeout: CONNECT_TIMEOUT_MS })
    const client = new Client({ connection, namespace })
    return {
      client: createRefitClient(client, { answerWithinMs: ANSWER_WITHIN_MS }),
      schedules: createScheduleKeeper(client),
      address,
      namespace,
      close: () => connection.close(),
    }
  } catch (thrown) {
    throw new RefitError(
      'TemporalUnavailable',
      `Cannot reach Temporal at ${address}: ${messageOf(thrown)}. Start one with \`refit dev\`, or set TEMPORAL_ADDRESS.`,
      { cause: thrown },
    )
  }
}
