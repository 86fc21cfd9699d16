import { RefitError } from '../../errors.js'
import type { Version } from '../../registry/registry.js'
import type { OpenedChampion, PredictionPorts } from './prediction-ports.js'

/** Keeps the champions open that are asked for, and follows the alias. */
export interface Champions {
  /** Runs work with the champion of a model; it stays open until the work is done, also when the alias moves. */
  use<T>(model: string, work: (opened: OpenedChampion) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** One opened version and what still uses it. */
interface Lease {
  readonly opened: OpenedChampion
  users: number
  isRetired: boolean
}

/** What is known of a model: when the alias was read last, and the version opened for it. */
interface Seat {
  readonly checkedAt: number
  readonly lease: Promise<Lease>
}

/** Makes the keeper; the alias of a model is read at most once in `pollMs`, when somebody asks. */
export function createChampions(ports: PredictionPorts, pollMs: number): Champions {
  const seats = new Map<string, Seat>()

  const leaseOf = (model: string): Promise<Lease> => {
    const seat = seats.get(model)
    const now = ports.now().getTime()
    if (seat !== undefined && now - seat.checkedAt < pollMs) return seat.lease
    // Set before anything is awaited: requests that arrive together share one look and one opening.
    const lease = follow(ports, model, seat?.lease)
    const next = { checkedAt: now, lease }
    seats.set(model, next)
    lease.catch(() => {
      if (seats.get(model) === next) seats.delete(model)
    })
    return lease
  }

  return {
    async use(model, work) {
      const lease = await leaseOf(model)
      lease.users += 1
      try {
        return await work(lease.opened)
      } finally {
        lease.users -= 1
        if (lease.isRetired && lease.users === 0) await closeChampion(lease.opened)
      }
    },
    async close() {
      const open = await Promise.allSettled([...seats.values()].map((seat) => seat.lease))
      seats.clear()
      await Promise.all(open.map((result) => (result.status === 'fulfilled' ? retire(result.value) : undefined)))
    },
  }
}

/** The lease for what the alias points to now; the one before is kept when it still is the champion. */
async function follow(ports: PredictionPorts, model: string, before: Promise<Lease> | undefined): Promise<Lease> {
  const current = await before?.catch(() => undefined)
  try {
    const champion = await lookUp(ports, model)
    if (champion.version === current?.opened.version.version) return current
    const lease = { opened: await openChampion(ports, model, champion), users: 0, isRetired: false }
    if (current !== undefined) await retire(current)
    return lease
  } catch (thrown) {
    if (current === undefined) throw thrown
    // While the store is away, the champion that served last goes on serving: an outage must not stop predictions.
    // What a retry cannot mend is told instead: serving an older version than the registry says would be silent.
    if (thrown instanceof RefitError && !thrown.permanent) return current
    await retire(current)
    throw thrown
  }
}

async function lookUp(ports: PredictionPorts, model: string): Promise<Version> {
  const champion = await ports.champion(model)
  if (champion !== undefined) return champion
  throw new RefitError(
    'NotFound',
    `Cannot predict with model "${model}": it has no champion. Apply its spec with \`refit apply\`; the rule then serves.`,
  )
}

async function openChampion(ports: PredictionPorts, model: string, version: Version): Promise<OpenedChampion> {
  const spec = await ports.spec(model, version.specRevision)
  const predictor = version.package.predictor.kind === 'rule' ? undefined : await ports.openPackage(version)
  try {
    return { version, spec, predictor, deriver: await ports.openDeriver(spec) }
  } catch (thrown) {
    await predictor?.close()
    throw thrown
  }
}

async function retire(lease: Lease): Promise<void> {
  lease.isRetired = true
  if (lease.users === 0) await closeChampion(lease.opened)
}

async function closeChampion({ predictor, deriver }: OpenedChampion): Promise<void> {
  await Promise.all([predictor?.close(), deriver.close()])
}
