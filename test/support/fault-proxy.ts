/**
 * A proxy that stands between an HTTP client and a real server, and lets requests fail as networks and services let them
 * fail. For S3 and everything else that speaks HTTP/1.1 without TLS; signatures stay valid, since the `Host` header is
 * passed on as it came.
 *
 * How to use it: `const proxy = await startFaultProxy({ target: server.endpoint })`, give `proxy.endpoint` to the client,
 * then `proxy.use(seededFaults({ seed, share: 0.3 }))`, or any function that chooses by method and path. `proxy.use()` lets
 * everything pass. Before the server is looked at, `await proxy.quiet()`: requests that were delayed have arrived then.
 * `proxy.fired` counts, by kind, the faults that really happened.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { unreachable } from '../../src/errors.js'
import { LOOPBACK } from '../../src/server/ports.js'

/**
 * What can happen to a request. Not forwarded: `error500`, `slowDown` (503), `resetBefore`. Forwarded, and its answer lost:
 * `error500After`, `resetAfter`, `cutAnswer` (half of the body; without a body, all of it). `cutRequest`: the server gets half
 * of the body and a reset, as does the client. `delay`: forwarded after `delayMs`, whether the client still waits or not.
 */
export const HTTP_FAULTS = [
  'error500',
  'slowDown',
  'resetBefore',
  'error500After',
  'resetAfter',
  'cutAnswer',
  'cutRequest',
  'delay',
] as const
/** What can happen to a request. */
export type HttpFault = (typeof HTTP_FAULTS)[number]

/** What a fault is chosen by. */
export interface ProxiedRequest {
  readonly method: string
  /** Path and query, as they were sent. */
  readonly path: string
}

/** A delay of its own length, in milliseconds. */
export interface Delay {
  readonly delayMs: number
}

/** Chooses what happens to a request; `undefined` lets it pass. Called once for each, repetitions included. */
export type ChooseFault = (request: ProxiedRequest) => HttpFault | Delay | undefined

/** How a proxy is started. */
export interface FaultProxyOptions {
  /** Address of the real server, `http://HOST:PORT`. */
  readonly target: string
  /** How long `delay` holds a request back: more than the client's time-out, unless it shall succeed late. */
  readonly delayMs?: number
}

/** A proxy that runs. */
export interface FaultProxy {
  /** Address for the client. */
  readonly endpoint: string
  /** How many faults happened, by kind. */
  readonly fired: Readonly<Record<HttpFault, number>>
  /** Chooses faults from now on; without an argument everything passes. */
  use(choose?: ChooseFault): void
  /** Waits until every request that is to be forwarded was, and the server has answered it. */
  quiet(): Promise<void>
  stop(): Promise<void>
}

/** Which faults `seededFaults` chooses. */
export interface SeededFaultsOptions {
  readonly seed: number
  /** Share of the requests that fail, 0 to 1. */
  readonly share: number
  /** Kinds to choose from, each as likely; all unless given. */
  readonly kinds?: readonly HttpFault[]
  /** Requests with one method and path that may fail; later ones pass, so that whoever repeats ends. 8 unless given. */
  readonly perRequest?: number
}

/**
 * Chooses by seed. What happens to the n-th request with a method and a path follows from these and the seed alone, and not
 * from the order in which requests of different writers arrive: one seed, one schedule.
 */
export function seededFaults({ seed, share, kinds = HTTP_FAULTS, perRequest = 8 }: SeededFaultsOptions): ChooseFault {
  const seen = new Map<string, number>()
  return ({ method, path }) => {
    // The number of an upload is the server's, and another one each time.
    const name = `${method} ${path.replace(/uploadId=[^&]*/i, 'uploadId')}`
    const nth = seen.get(name) ?? 0
    seen.set(name, nth + 1)
    if (nth >= perRequest) return undefined
    const drawn = createHash('sha256').update(`${seed} ${nth} ${name}`).digest()
    if (drawn.readUInt32BE(0) / 2 ** 32 >= share) return undefined
    return kinds[drawn.readUInt32BE(4) % kinds.length]
  }
}

/** Starts a proxy on a free port of this host. It lets everything pass until `use` is called. */
export async function startFaultProxy({ target, delayMs = 1_000 }: FaultProxyOptions): Promise<FaultProxy> {
  let choose: ChooseFault = () => undefined
  const fired = { ...none }
  const underWay = new Set<Promise<void>>()
  const server = createServer((incoming, outgoing) => {
    // The client may be gone before its answer comes.
    outgoing.on('error', () => undefined)
    const work = answer(incoming, outgoing).catch(() => void outgoing.socket?.resetAndDestroy())
    underWay.add(work)
    void work.finally(() => underWay.delete(work))
  })

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming)
    const { method = 'GET', url: path = '/' } = incoming
    const chosen = choose({ method, path })
    const fault = typeof chosen === 'object' ? 'delay' : chosen
    if (fault !== undefined) fired[fault]++
    const delay = typeof chosen === 'object' ? chosen.delayMs : delayMs
    const exchange = { target, method, path, headers: incoming.headers, body, outgoing, delayMs: delay }
    await (fault === undefined ? pass(exchange) : fail(fault, exchange))
  }

  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has an address with a port')
  return {
    endpoint: `http://${LOOPBACK}:${address.port}`,
    fired,
    use(chosen = () => undefined) {
      choose = chosen
    },
    async quiet() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await Promise.all(underWay)
    },
  }
}

const none: Record<HttpFault, number> = {
  error500: 0,
  slowDown: 0,
  resetBefore: 0,
  error500After: 0,
  resetAfter: 0,
  cutAnswer: 0,
  cutRequest: 0,
  delay: 0,
}

interface Exchange {
  readonly target: string
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly outgoing: ServerResponse
  readonly delayMs: number
}

async function fail(fault: HttpFault, exchange: Exchange): Promise<void> {
  const { outgoing, delayMs } = exchange
  switch (fault) {
    case 'error500':
      return refuse(outgoing, 500, 'InternalError')
    case 'slowDown':
      return refuse(outgoing, 503, 'SlowDown')
    case 'resetBefore':
      return reset(outgoing)
    case 'error500After':
      await forward(exchange)
      return refuse(outgoing, 500, 'InternalError')
    case 'resetAfter':
      await forward(exchange)
      return reset(outgoing)
    case 'cutAnswer':
      return sendHalf(outgoing, await forward(exchange))
    case 'cutRequest':
      await forwardHalf(exchange)
      return reset(outgoing)
    case 'delay':
      await sleep(delayMs)
      return pass(exchange)
    default:
      return unreachable(fault)
  }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

async function pass(exchange: Exchange): Promise<void> {
  const { status, headers, body } = await forward(exchange)
  exchange.outgoing.writeHead(status, headers).end(body)
}

async function forward(exchange: Exchange): Promise<Answer> {
  const sent = begin(exchange)
  // A server may refuse before it has read the body and close: what matters then is its answer.
  sent.on('error', () => undefined)
  sent.end(exchange.body)
  const [answer]: IncomingMessage[] = await once(sent, 'response')
  if (answer === undefined) throw new TypeError('A response comes with its message')
  return { status: answer.statusCode ?? 502, headers: withoutHop(answer.headers), body: await bodyOf(answer) }
}

/** Sends half of the body and then nothing more. What the server makes of it is for the test to find out. */
async function forwardHalf(exchange: Exchange): Promise<void> {
  const sent = begin(exchange)
  const closed = once(sent, 'close').catch(() => undefined)
  sent.on('error', () => undefined)
  sent.write(exchange.body.subarray(0, exchange.body.length >> 1), () => sent.destroy())
  await closed
}

function begin({ target, method, path, headers, body }: Exchange) {
  const { expect: _, ...passed } = withoutHop(headers)
  const length = body.length > 0 || headers['content-length'] !== undefined ? { 'content-length': body.length } : {}
  return request(new URL(path, target), { method, headers: { ...passed, ...length }, agent: false })
}

/** Headers of one connection are not passed on to the next; the body goes whole, with its length. */
function withoutHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...passed } = headers
  return passed
}

function refuse(outgoing: ServerResponse, status: number, code: string): void {
  const text = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>by the test</Message></Error>`
  outgoing.writeHead(status, { 'content-type': 'application/xml' }).end(text)
}

/** With RST where the connection is still there: the client gave up otherwise. */
function reset(outgoing: ServerResponse): void {
  outgoing.socket?.resetAndDestroy()
}

function sendHalf(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  if (body.length === 0) reset(outgoing)
  else {
    outgoing.writeHead(status, { ...headers, 'content-length': body.length })
    outgoing.write(body.subarray(0, body.length >> 1), () => reset(outgoing))
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  return Buffer.concat(chunks)
}
