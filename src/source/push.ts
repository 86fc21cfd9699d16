/** What producers pushed, read in order from the inbox. The cursor is the number of the last push that a batch holds. */
import { createReadStream } from 'node:fs'
import type { LogEntry } from '../storage/log.js'
import { objectFile } from '../storage/objects.js'
import type { Storage } from '../storage/storage.js'
import { forgetPushes } from './forget-pushes.js'
import { inboxLog, type Push } from './inbox.js'
import type { BatchSource, Source } from './source.js'
import { writeBatch } from './write-batch.js'

/** Name of the cursor. A model has one inbox. */
const ORIGIN = 'push'
/** Size up to which pushes become one batch: a partition of this size is read at full speed, and is fast to write. */
const BATCH_BYTES = 64 * 1024 * 1024
/** Most pushes of one batch: each is an object to fetch, and nobody should wait for long to see one come in. */
const BATCH_PUSHES = 1_000
const NEWLINE = '\n'.charCodeAt(0)

/** How many pushes become one batch. */
export interface PushSourceOptions {
  /** Size up to which JSON lines are joined, in bytes; 64 MB unless given. */
  readonly batchBytes?: number
}

/**
 * The pushes to a model. A line of JSON stands for itself, so consecutive pushes of JSON lines are joined; each CSV and
 * Parquet file is a batch of its own, as its header or footer says what is in it.
 */
export function createPushSource(storage: Storage, model: string, options: PushSourceOptions = {}): Source {
  const log = inboxLog(storage, model)
  const batchBytes = options.batchBytes ?? BATCH_BYTES
  return {
    async find(known) {
      const first = await log.at(Number(known.cursor(ORIGIN)) + 1)
      const batch = first === undefined ? undefined : batchFrom(first)
      // A batch that failed in this run stays: what lies behind it comes after it.
      if (batch === undefined || known.has(batch)) return { batches: [], isLast: true }
      return { batches: [batch], isLast: false }
    },

    async fetch(batch, to, { signal } = {}) {
      signal?.throwIfAborted()
      const after = Number(batch.place?.after)
      const pushes = await nextPushes(after)
      const last = pushes.at(-1)
      if (last === undefined) return undefined
      const { bytes, sha256 } = await writeBatch(bytesOf(storage, pushes), to, signal)
      const place = { origin: ORIGIN, after: batch.place?.after ?? '', upTo: String(last.seq) }
      return { batch: { ...batch, bytes, modifiedAt: last.at, format: last.body.format, place }, sha256 }
    },

    async waiting(known) {
      const taken = Number(known.cursor(ORIGIN))
      const last = await log.head()
      const first = await log.at(taken + 1)
      return { arrivals: (last?.seq ?? taken) - taken, since: first?.at ?? null }
    },

    forget: (known, { isDry } = {}) => forgetPushes(storage, model, { upTo: Number(known.cursor(ORIGIN)), isDry }),
  }

  /** The pushes that make up the batch after this number: as many as fit, one at least where there is one. */
  async function nextPushes(after: number): Promise<readonly LogEntry<Push>[]> {
    const pushes: LogEntry<Push>[] = []
    let bytes = 0
    for await (const push of log.entries({ from: after + 1, to: after + BATCH_PUSHES })) {
      const { format, object } = push.body
      const isJoined = format === 'json' && pushes[0]?.body.format === 'json' && bytes + object.bytes <= batchBytes
      if (pushes.length > 0 && !isJoined) break
      pushes.push(push)
      bytes += object.bytes
    }
    return pushes
  }
}

function batchFrom({ seq, at, body }: LogEntry<Push>): BatchSource {
  return {
    path: `push ${seq}`,
    bytes: body.object.bytes,
    modifiedAt: at,
    format: body.format,
    place: { origin: ORIGIN, after: seq === 1 ? '' : String(seq - 1), upTo: null },
  }
}

/** The bytes of pushes one after the other. The last line of a push may lack its end, which the next one would hide. */
async function* bytesOf(storage: Storage, pushes: readonly LogEntry<Push>[]): AsyncIterable<Uint8Array> {
  let last = NEWLINE
  for (const { body } of pushes) {
    const path = await objectFile(storage, body.object)
    if (last !== NEWLINE) yield Buffer.of(NEWLINE)
    const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1 << 20 })
    for await (const chunk of chunks) {
      last = chunk.at(-1) ?? last
      yield chunk
    }
  }
}
