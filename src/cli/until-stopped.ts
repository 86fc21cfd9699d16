import { once } from 'node:events'
import type { Command } from 'commander'
import { fail } from './verb.js'

/** Tells what happened: a line for people, or with `--json` an object for programs. */
export type Tell = (text: string, event: Readonly<Record<string, unknown>>) => void

/** Makes the action of a verb that goes on until Ctrl-C or SIGTERM, which `stopped` resolves on. */
export function untilStopped(command: Command, act: (stopped: Promise<unknown>, tell: Tell) => Promise<void>): void {
  command.option('--json', 'one JSON object a line on stdout, for each event').action(async () => {
    const asJson = command.opts<{ json?: boolean }>().json === true
    const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
    const tell: Tell = (text, event) => process.stdout.write(`${asJson ? JSON.stringify(event) : text}\n`)
    try {
      await act(stopped, tell)
    } catch (thrown) {
      fail(thrown, asJson)
    }
  })
}
