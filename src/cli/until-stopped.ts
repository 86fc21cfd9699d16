import { once } from 'node:events'
import { fail } from './verb.js'

/** Runs a verb that goes on until Ctrl-C or SIGTERM, which `stopped` resolves on. */
export async function untilStopped(act: (stopped: Promise<unknown>) => Promise<void>): Promise<void> {
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  try {
    await act(stopped)
  } catch (thrown) {
    fail(thrown, false)
  }
}
