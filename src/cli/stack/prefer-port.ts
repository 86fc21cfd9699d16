import { once } from 'node:events'
import { createServer } from 'node:net'
import { freePort, LOOPBACK } from '../../server/ports.js'

/** The port that people know, if it is free; any free one otherwise. */
export async function preferPort(port: number): Promise<number> {
  const server = createServer()
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, LOOPBACK, () => resolve(true))
  })
  if (!isFree) return freePort()
  server.close()
  await once(server, 'close')
  return port
}
