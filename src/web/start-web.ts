import { createAdaptorServer, type ServerType } from '@hono/node-server'
import type { Hono } from 'hono'
import { messageOf, RefitError } from '../errors.js'

/** How long a stopping server waits for requests under way. */
const GRACE_MS = 2_000

/** A web server that runs. */
export interface RunningWeb {
  /** Where it answers, such as `http://127.0.0.1:8080`. */
  readonly address: string
  /** Stops listening; requests under way have two seconds to be answered. */
  close(): Promise<void>
}

/** Starts to serve an app. Port 0 takes a free one. Rejects with `InvalidInput` when the address cannot be had. */
export async function startWeb(
  app: Hono,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<RunningWeb> {
  const server = createAdaptorServer({ fetch: app.fetch, hostname: host })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (thrown) => reject(cannotListen(host, port, thrown)))
    server.listen(port, host, resolve)
  })
  const bound = server.address()
  const boundPort = bound !== null && typeof bound === 'object' ? bound.port : port
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    close: () => stop(server),
  }
}

async function stop(server: ServerType): Promise<void> {
  const stopped = new Promise<void>((resolve, reject) => {
    server.close((failure) => (failure === undefined ? resolve() : reject(failure)))
  })
  if (!('closeIdleConnections' in server)) return stopped
  // Connections that browsers and Alertmanager keep open, or that hang in an upload, would hold the server up.
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  await stopped.finally(() => clearTimeout(timer))
}

function cannotListen(host: string, port: number, thrown: unknown): RefitError {
  return new RefitError(
    'InvalidInput',
    `Cannot listen on ${host}:${port}: ${messageOf(thrown)}. Choose another host or port.`,
    { cause: thrown },
  )
}
