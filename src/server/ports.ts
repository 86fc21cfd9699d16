import { once } from 'node:events'
import { createServer } from 'node:net'

/** The only address that a server of Refit listens on: a development server has no authentication. */
export const LOOPBACK = '127.0.0.1'

/** A port of the loopback address that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has an address with a port')
  return address.port
}
