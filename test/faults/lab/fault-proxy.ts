/** A way to an S3 server that breaks as HTTP does: errors, resets before or after the request arrived, cut bodies, delays. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Plan, type PointFault, PROXY_KINDS, pointOf } from './points.js'

/** The proxy of one lane. */
export interface FaultProxy {
  readonly endpoint: string
  /** Sets the faults from now on. */
  plan(plan: Plan): void
  /** Ids of faults that were injected since the plan was set. */
  fired(): readonly number[]
  stop(): Promise<void>
}

/** Opens a proxy before a server, for a store at `root` (`bucket/prefix`) of it. */
export async function openFaultProxy(target: string, root: string): Promise<FaultProxy> {
  let current: Plan = { model: '', faults: [] }
  const seen = new Map<number, number>()
  const choose = (request: IncomingMessage): PointFault | undefined => {
    const { pathname } = new URL(request.url ?? '/', target)
    const key = decodeURIComponent(pathname).slice(`/${root}/`.length)
    const point = pointOf(key, current.model)
    const due = current.faults.filter((fault) => fault.point === point && concerns(fault, request.method))
    return due.find((fault) => {
      const count = (seen.get(fault.id) ?? 0) + 1
      seen.set(fault.id, count)
      return count >= fault.nth && count < fault.nth + fault.times
    })
  }
  const server = createServer((request, response) => {
    const fault = choose(request)
    pass(target, { request, response, fault }).catch(() => response.destroy())
  })
  const port = await listen(server)
  return {
    endpoint: `http://127.0.0.1:${port}`,
    plan(plan) {
      current = plan
      seen.clear()
    },
    fired: () => current.faults.filter(({ id, nth }) => (seen.get(id) ?? 0) >= nth).map(({ id }) => id),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Bodies are cut where there are some; everything else happens to writes. */
function concerns({ kind }: PointFault, method = ''): boolean {
  if (!PROXY_KINDS.some((one) => one === kind)) return false
  return kind === 'cutBody' ? method === 'GET' : method === 'PUT'
}

async function pass(
  target: string,
  { request, response, fault }: { request: IncomingMessage; response: ServerResponse; fault: PointFault | undefined },
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  if (fault?.kind === 'http500') return refuse(response, 500, 'InternalError')
  if (fault?.kind === 'slowDown') return refuse(response, 503, 'SlowDown')
  if (fault?.kind === 'reset' && fault.when === 'before') return void response.destroy()
  if (fault?.kind === 'httpDelay') await sleep(fault.ms)
  const { method = 'GET', url = '/' } = request
  const body = Buffer.concat(chunks)
  const answer = await fetch(new URL(url, target), {
    method,
    headers: headersOf(request),
    ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
  })
  if (fault?.kind === 'reset') return void response.destroy()
  const bytes = Buffer.from(await answer.arrayBuffer())
  const headers = [...answer.headers].filter(([name]) => !HOP_BY_HOP.has(name))
  // A HEAD tells the length of what it does not send.
  if (method !== 'HEAD') headers.push(['content-length', String(bytes.length)])
  response.writeHead(answer.status, Object.fromEntries(headers))
  if (fault?.kind !== 'cutBody' || bytes.length < 2) return void response.end(bytes)
  response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy())
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'expect'])

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const sent = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && name !== 'content-length')
  return Object.fromEntries(sent.map(([name, value]) => [name, String(value)]))
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>says the laboratory</Message></Error>`)
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return address.port
}
