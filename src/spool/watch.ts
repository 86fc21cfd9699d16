/** Drains the spool while a process runs, and says when something is wrong with it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../errors.js'
import { type DrainPorts, drainAll } from './drain.js'
import { spoolWarnings, sumOf } from './room.js'

/** Pause between two looks: as long as a push waits in vain for at most, once the store is back. */
const LOOK_EVERY_MS = 5_000
/** A warning that goes on is repeated so often: once would be overlooked, each look would drown all else. */
const REPEAT_AFTER_MS = 60 * 60_000

/** What a watch works with. */
export interface WatchPorts extends DrainPorts {
  /** Told each warning, a sentence or two. */
  readonly warn: (text: string) => void
  readonly now: () => Date
  /** Pause between two looks, in milliseconds; five seconds unless given. */
  readonly everyMs?: number
}

/** A watch that goes on until it is stopped. */
export interface SpoolWatch {
  /** Resolves when the look under way has ended. */
  stop(): Promise<void>
}

/** Looks at the spool now and then, and drains it while something waits. */
export function watchSpool(ports: WatchPorts): SpoolWatch {
  const stopping = new AbortController()
  const done = watch(ports, stopping.signal)
  return {
    stop() {
      stopping.abort()
      return done
    },
  }
}

async function watch(ports: WatchPorts, signal: AbortSignal): Promise<void> {
  const warn = warnOnce(ports)
  while (!signal.aborted) {
    for (const warning of await lookOnce(ports, signal)) warn(warning)
    await sleep(ports.everyMs ?? LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** One look, with all that is wrong. It never rejects: the next look may find all well. */
async function lookOnce(ports: WatchPorts, signal: AbortSignal): Promise<readonly string[]> {
  const { spool, now } = ports
  try {
    const drained = await drainAll(ports, signal)
    const waiting = sumOf([...(await spool.survey()).values()])
    const stopped = [...drained].flatMap(([model, { stopped }]) =>
      stopped === undefined ? [] : [`Pushes of "${model}" wait in the spool. ${stopped}`],
    )
    return [...spoolWarnings(waiting, spool.limits, now()), ...stopped]
  } catch (thrown) {
    return signal.aborted ? [] : [`Cannot drain the spool: ${messageOf(thrown)}`]
  }
}

/** Repeats a warning only after a while. Numbers in it may grow meanwhile. */
function warnOnce({ warn, now }: WatchPorts): (text: string) => void {
  const told = new Map<string, number>()
  return (text) => {
    const kind = text.replaceAll(/\d+/g, '#')
    const last = told.get(kind)
    if (last !== undefined && now().getTime() - last < REPEAT_AFTER_MS) return
    told.set(kind, now().getTime())
    warn(text)
  }
}
