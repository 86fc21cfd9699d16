/** The producers of a schedule: each sends one batch after the other, and each of them until it is acknowledged. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { contentOf } from './batches.js'
import type { PlannedBatch } from './planned-batches.js'
import type { Schedule } from './schedule.js'

/** The token of the laboratory's receivers. */
export const PUSH_TOKEN = 'laboratory'
/** A producer that hears nothing for so long sends again: a receiver sleeps, perhaps. */
const PATIENCE_MS = 3_000
const PAUSE_MS = 50

const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  jsonl: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
}
const Acknowledgement = z.looseObject({ state: z.enum(['stored', 'spooled']) })

/** Who sends, and what was answered so far. */
export interface Producers {
  readonly schedule: Schedule
  /** Where pushes are taken now; `undefined` while nobody takes them. */
  readonly receiver: () => string | undefined
  /** Batches that were acknowledged, by name, in the order of the answers. */
  readonly acknowledged: Map<string, 'stored' | 'spooled'>
  /** Aborted when time is up. */
  readonly signal: AbortSignal
}

/** Sends the batches of a wave. Rejects when aborted, or when a push is refused for good. */
export async function pushWave(producers: Producers, wave: 1 | 2): Promise<void> {
  const batches = producers.schedule.batches.filter((one) => one.wave === wave)
  const numbers = [...new Set(batches.map(({ producer }) => producer))]
  await Promise.all(
    numbers.map((number) =>
      produce(
        producers,
        batches.filter(({ producer }) => producer === number),
      ),
    ),
  )
}

async function produce(producers: Producers, batches: readonly PlannedBatch[]): Promise<void> {
  for (const batch of batches) {
    while (!(await push(producers, batch))) await sleep(PAUSE_MS, undefined, { signal: producers.signal })
  }
}

/** Sends a batch once. Whether it was acknowledged. */
async function push({ schedule, receiver, acknowledged, signal }: Producers, batch: PlannedBatch): Promise<boolean> {
  const address = receiver()
  if (address === undefined) return false
  const response = await fetch(`${address}/ingest/${schedule.model}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${PUSH_TOKEN}`,
      'content-type': TYPES[batch.name.split('.').at(-1) ?? ''] ?? '',
      'idempotency-key': batch.name,
    },
    body: contentOf(batch, schedule),
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
  }).catch(() => undefined)
  if (response?.status === 202) {
    // An answer that breaks off was none.
    const answer = Acknowledgement.safeParse(await response.json().catch(() => undefined))
    if (answer.success) acknowledged.set(batch.name, answer.data.state)
    return answer.success
  }
  const text = await response?.text().catch(() => '')
  if (response !== undefined && response.status < 500) throw new Error(`${batch.name} was refused: ${text}`)
  return false
}
