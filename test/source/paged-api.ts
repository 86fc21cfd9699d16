/** An HTTP API on this machine that only adds records, with each way of paging, and how tests read from it. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createHttpSource, type HttpSourceOptions } from '../../src/source/http.js'
import type { BatchSource, Source } from '../../src/source/source.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import type { SourceWorld } from './conformance.js'

/** Starts a server that the end of the test stops, and gives its address. */
export async function startServer(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

/** When a page names the next one: when it is there, when this one is full, or always. */
export type Names = 'whenThere' | 'whenFull' | 'always'

/** How an API pages. */
export interface PagedApi extends Pick<HttpSourceOptions, 'format' | 'records' | 'paging'> {
  readonly names?: Names
  /** Whether it closes the connection instead of answering 503. */
  readonly hangsUp?: boolean
  /** Whether it compares entity tags of the body, as many frameworks do. */
  readonly hasTags?: boolean
}

const PAGE_ROWS = 2

/** Opens a source on a fresh API that the end of the test stops. */
export async function openPagedApi(t: TestContext, api: PagedApi): Promise<SourceWorld & { readonly asked: string[] }> {
  const rows: number[] = []
  const asked: string[] = []
  let isDown = false
  const origin = await startServer(t, (request, response) => {
    asked.push(request.url ?? '')
    if (!isDown) return answerPage(api, rows, request, response)
    if (api.hangsUp === true) request.socket.destroy()
    else response.writeHead(503).end('down')
  })
  return {
    asked,
    source: createHttpSource({ ...QUICK, ...api, url: `${origin}/rows?size=${PAGE_ROWS}`, batchRows: 5 }),
    async arrive(numbers) {
      rows.push(...numbers)
    },
    async numbersIn(bytes) {
      const lines = bytes.toString().split('\n').slice(0, -1)
      // The API writes nothing else.
      return lines.map((line) => (JSON.parse(line) as { id: number }).id)
    },
    async stopAnswering() {
      isDown = true
      return async () => {
        isDown = false
      }
    },
  }
}

/** What a source on this machine needs besides the API. */
export const QUICK = {
  format: 'json',
  headers: {},
  env: {},
  batchRows: 50_000,
  timeoutSeconds: 5,
  checkAddress: () => {},
  pauseMs: 1,
} as const

function answerPage(api: PagedApi, rows: readonly number[], request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '', 'http://127.0.0.1')
  const at = Number(url.searchParams.get('at') ?? 0)
  const page = rows.slice(at, at + PAGE_ROWS).map((id) => ({ id }))
  const isNamed =
    api.names === 'always' || rows.length > at + PAGE_ROWS || (api.names === 'whenFull' && page.length === PAGE_ROWS)
  // What always names a next page names the place behind the last record.
  const next = isNamed ? String(at + page.length) : undefined
  const body = bodyOf(api, page, next)
  const headers = headersOf(api, url, next)
  const etag = `W/"${Buffer.from(body).toString('base64url')}"`
  if (api.hasTags === true && request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end()
  else response.writeHead(200, { ...headers, ...(api.hasTags === true ? { etag } : {}) }).end(body)
}

function bodyOf({ format, records, paging }: PagedApi, page: readonly object[], next: string | undefined): string {
  if (format === 'ndjson') return page.map((row) => `${JSON.stringify(row)}\n`).join('')
  if (records === undefined) return JSON.stringify(page, undefined, 2)
  const isLink = paging.kind === 'link'
  return JSON.stringify({
    meta: { next: isLink && next !== undefined ? `/rows?at=${next}` : (next ?? null) },
    data: { rows: page },
  })
}

function headersOf({ paging }: PagedApi, url: URL, next: string | undefined): Record<string, string> {
  if (next === undefined) return {}
  if (paging.kind === 'cursor') return { 'x-next': next }
  if (paging.kind !== 'link') return {}
  url.searchParams.set('at', next)
  return { link: `</rows>; rel="first"; title="all, from the start", <${url.pathname}${url.search}>; rel="last next"` }
}

/** What a source finds when it stands at a cursor. */
export const look = (source: Source, cursor = '') =>
  source.find({ has: () => false, cursor: () => cursor }, { limit: 1 })

/** What a source reads from a cursor on: the text, and the cursor behind it. */
export async function read(t: TestContext, source: Source, after = '', signal?: AbortSignal) {
  const to = join(await temporaryFolder(t), 'batch')
  const place = { origin: 'api', after, upTo: null }
  const batch: BatchSource = { path: 'api', bytes: 0, modifiedAt: '2001-01-01T00:00:00Z', format: 'json', place }
  const fetched = await source.fetch(batch, to, { signal })
  if (fetched === undefined) return undefined
  return { text: await readFile(to, 'utf8'), upTo: fetched.batch.place?.upTo ?? assert.fail('it ends nowhere') }
}

/** A source of one page that a listener answers, by link headers unless told otherwise. */
export async function sourceOf(t: TestContext, answer: RequestListener, options: Partial<HttpSourceOptions> = {}) {
  const url = await startServer(t, answer)
  return createHttpSource({ ...QUICK, paging: { kind: 'link' }, ...options, url })
}
