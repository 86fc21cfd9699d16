/** A way to a server that breaks as a network does. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** What happens to each connection: nothing, no answer at all, or after so many bytes of answer an end or silence. */
export type Fault = 'none' | 'refuse' | { readonly cutAfter: number } | { readonly silentAfter: number }

/** A proxy of TCP before one server. */
export interface FaultyProxy {
  readonly endpoint: string
  /** Asked for each new connection. */
  fault: () => Fault
}

/** Opens a proxy on a free port of this host; it ends with the test. */
export async function openFaultyProxy(t: Pick<TestContext, 'after'>, target: string): Promise<FaultyProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((caller) => {
    const fault = proxy.fault()
    if (fault === 'refuse') return void caller.destroy()
    const { hostname, port } = new URL(target)
    const callee = connect(Number(port), hostname)
    for (const socket of [caller, callee]) {
      sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    }
    caller.pipe(callee).on('close', () => caller.destroy())
    caller.on('close', () => callee.destroy())
    passAnswer(callee, caller, fault)
  })
  const endpoint = `http://127.0.0.1:${await listen(server)}`
  const proxy: FaultyProxy = { endpoint, fault: () => 'none' }
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return proxy
}

function passAnswer(callee: Socket, caller: Socket, fault: Exclude<Fault, 'refuse'>): void {
  if (fault === 'none') return void callee.pipe(caller)
  const limit = 'cutAfter' in fault ? fault.cutAfter : fault.silentAfter
  let passed = 0
  callee.on('data', (chunk) => {
    const part = chunk.subarray(0, limit - passed)
    passed += part.length
    const isOver = passed === limit && 'cutAfter' in fault
    if (isOver) caller.end(part, () => caller.destroy())
    else if (part.length > 0 && !caller.write(part)) {
      callee.pause()
      caller.once('drain', () => callee.resume())
    }
  })
}

/** Listens on a free port of this host, and tells which. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return address.port
}
