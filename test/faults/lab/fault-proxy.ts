/** A way to an S3 server that breaks at the points of a plan. */
import { type ChooseFault, type Delay, type HttpFault, startFaultProxy } from '../../support/fault-proxy.js'
import { type Plan, type PointFault, PROXY_KINDS, pointOf, type Role } from './points.js'

/** The proxy of the processes of one role in one lane. */
export interface FaultProxy {
  readonly endpoint: string
  /** Sets the faults from now on. */
  plan(plan: Plan): void
  /** Ids of faults that were injected since the plan was set. */
  fired(): readonly number[]
  stop(): Promise<void>
}

/** Silence after which a client of the laboratory gives up, and how long a request then still takes to arrive. */
export const CLIENT_TIMEOUT_MS = 1_000
const ARRIVES_AFTER_MS = 1_500

/** Opens a proxy before a server, for a store at `root` (`bucket/prefix`) of it. */
export async function openFaultProxy(target: string, root: string, role: Role): Promise<FaultProxy> {
  let current: Plan = { model: '', faults: [] }
  const seen = new Map<number, number>()
  const choose: ChooseFault = ({ method, path }) => {
    const { pathname } = new URL(path, target)
    const key = decodeURIComponent(pathname).slice(`/${root}/`.length)
    const point = pointOf(key, { model: current.model, role })
    const due = current.faults.filter((fault) => fault.point === point && concerns(fault, method))
    const fault = due.find((fault) => {
      const count = (seen.get(fault.id) ?? 0) + 1
      seen.set(fault.id, count)
      return count >= fault.nth && count < fault.nth + fault.times
    })
    return fault === undefined ? undefined : inWordsOfHttp(fault)
  }
  const proxy = await startFaultProxy({ target })
  proxy.use(choose)
  return {
    endpoint: proxy.endpoint,
    plan(plan) {
      current = plan
      seen.clear()
    },
    fired: () => current.faults.filter(({ id, nth }) => (seen.get(id) ?? 0) >= nth).map(({ id }) => id),
    stop: () => proxy.stop(),
  }
}

/** Bodies of answers are cut where there are some; everything else happens to writes. */
function concerns({ kind }: PointFault, method: string): boolean {
  if (!PROXY_KINDS.some((one) => one === kind)) return false
  return kind === 'cutBody' ? method === 'GET' : method === 'PUT'
}

function inWordsOfHttp({ kind, when, ms }: PointFault): HttpFault | Delay | undefined {
  switch (kind) {
    case 'http500':
      return when === 'before' ? 'error500' : 'error500After'
    case 'slowDown':
      return 'slowDown'
    case 'reset':
      return when === 'before' ? 'resetBefore' : 'resetAfter'
    case 'cutBody':
      return 'cutAnswer'
    case 'cutRequest':
      return 'cutRequest'
    case 'httpDelay':
      return { delayMs: Math.min(ms, CLIENT_TIMEOUT_MS / 2) }
    case 'httpTimeout':
      return { delayMs: ARRIVES_AFTER_MS }
    default:
      return undefined
  }
}
