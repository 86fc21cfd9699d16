import type { Client } from '@temporalio/client'

/** Runs a request that a worker must answer. */
export type Patience = <T>(ask: () => Promise<T>) => Promise<T>

/** Gives such requests up after a time, in milliseconds; waits for as long as it takes unless one is given. */
export const patienceOf =
  (client: Client, answerWithinMs: number | undefined): Patience =>
  (ask) =>
    answerWithinMs === undefined ? ask() : client.withDeadline(Date.now() + answerWithinMs, ask)
