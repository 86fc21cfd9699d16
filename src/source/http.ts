/** Pages of an HTTP API that only adds records, at the end; how they are read without loss is told in `http/walk.ts`. */
import { RefitError } from '../errors.js'
import type { PageOptions } from './http/page.js'
import { cursorOf, type Position, positionOf } from './http/position.js'
import { addressOf, type Step, walk } from './http/walk.js'
import type { BatchSource, Place, Source } from './source.js'
import { writeBatch } from './write-batch.js'

/** What is read, and how. */
export interface HttpSourceOptions extends PageOptions {
  /** The first page, with the oldest records. The cursor belongs to this address, fragment included. */
  readonly url: string
  /** Sent with each request, but never to another origin. */
  readonly headers: Readonly<Record<string, string>>
  /** Variable of `env` that holds a bearer token; never shown. */
  readonly tokenEnv?: string | undefined
  readonly env: NodeJS.ProcessEnv
  /** Rows after which a batch ends, with their page. */
  readonly batchRows: number
  readonly timeoutSeconds: number
  /** Throws when an address must not be asked. */
  readonly checkAddress: (address: string) => void
  /** Shortest pause before a request is repeated, in milliseconds. Default 500. */
  readonly pauseMs?: number
}

/** Doubled three times, it outlasts a server that starts again. */
const PAUSE_MS = 500

/**
 * Pages of an API, as batches of JSON lines whose records are the text that came. Nothing is asked before `find` or `fetch`
 * is called.
 */
export function createHttpSource(options: HttpSourceOptions): Source {
  const { url, batchRows } = options
  return {
    async find(known, { signal }) {
      const batch = batchAt(options, known.cursor(url))
      if (known.has(batch)) return { batches: [], isLast: true }
      return unlessStopped(url, signal, async () => {
        const first = await firstWithRecords(steps(options, batch.place.after, signal))
        // Whether more waits behind it, only reading tells.
        return first === undefined ? { batches: [], isLast: true } : { batches: [batch], isLast: false }
      })
    },

    async fetch(batch, to, { signal } = {}) {
      const after = batch.place?.after ?? ''
      return unlessStopped(url, signal, async () => {
        const pages = steps(options, after, signal)
        const first = await firstWithRecords(pages)
        if (first === undefined) return undefined
        let end = first.after
        const lines = linesOf(first, pages, { batchRows, reached: (position) => (end = position) })
        const { bytes, sha256 } = await writeBatch(lines, to, signal)
        return { batch: { ...batch, bytes, place: { origin: url, after, upTo: cursorOf(end) } }, sha256 }
      })
    },
  }
}

function batchAt(options: HttpSourceOptions, after: string): BatchSource & { readonly place: Place } {
  const { url, paging } = options
  const { at, taken } = positionOf(after, paging.kind, url)
  const address = addressOf(at, options)
  return {
    path: taken === 0 ? address : `${address} after ${taken} records`,
    bytes: 0,
    modifiedAt: new Date().toISOString(),
    format: 'json',
    place: { origin: url, after, upTo: null },
  }
}

function steps(options: HttpSourceOptions, cursor: string, signal: AbortSignal | undefined): AsyncGenerator<Step> {
  const { url, paging, headers, timeoutSeconds, pauseMs = PAUSE_MS } = options
  return walk(positionOf(cursor, paging.kind, url), {
    ...options,
    headers: { accept: 'application/json, application/x-ndjson', ...headers, ...authorization(options) },
    timeoutMs: timeoutSeconds * 1000,
    pauseMs,
    signal,
  })
}

function authorization({ url, tokenEnv, env }: HttpSourceOptions): Readonly<Record<string, string>> {
  if (tokenEnv === undefined) return {}
  const token = env[tokenEnv]?.trim() ?? ''
  // A header of anything else would be refused by a message that shows it.
  if (/^[\x21-\x7e]+$/.test(token)) return { authorization: `Bearer ${token}` }
  const reason = token === '' ? 'is not set' : 'holds no token: only ASCII without spaces can be sent'
  throw new RefitError(
    'SourceUnavailable',
    `Cannot read ${url}: the environment variable ${tokenEnv} ${reason}. Set it for the worker.`,
  )
}

async function firstWithRecords(pages: AsyncGenerator<Step>): Promise<Step | undefined> {
  for (;;) {
    const { value, done } = await pages.next()
    if (done === true) return undefined
    if (value.records.length > 0) return value
  }
}

/** The lines of whole pages, until there are enough or a page adds none. */
async function* linesOf(
  first: Step,
  following: AsyncGenerator<Step>,
  { batchRows, reached }: { readonly batchRows: number; readonly reached: (position: Position) => void },
): AsyncGenerator<Buffer> {
  yield joined(first)
  let rows = first.records.length
  if (rows >= batchRows) return
  for await (const step of following) {
    reached(step.after)
    if (step.records.length === 0) return
    yield joined(step)
    rows += step.records.length
    if (rows >= batchRows) return
  }
}

const LINE_FEED = Buffer.from('\n')
const joined = ({ records }: Step): Buffer => Buffer.concat(records.flatMap((record) => [record, LINE_FEED]))

async function unlessStopped<T>(url: string, signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (thrown) {
    if (signal?.aborted !== true) throw thrown
    throw new RefitError('Cancelled', `Cannot read ${url}: stopped. Start it again.`, { cause: thrown })
  }
}
