/** `refit serve` in a process of its own. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { z } from 'zod'
import { type Surroundings, startRefit } from './refit.js'
import { until } from './until.js'

const Ready = z.object({ event: z.literal('ready'), address: z.string() })

/** A receiver that answers. */
export interface Receiver {
  readonly address: string
  /** What it has said on stderr so far. */
  complaints(): string
  /** Ends it in order, and fails when it did not end so, or complained of something that is not expected. */
  stop(expected?: RegExp): Promise<void>
}

/** Starts it on a free port, with more variables. */
export async function startReceiver({ folder, env }: Surroundings, more: NodeJS.ProcessEnv): Promise<Receiver> {
  const child = startRefit(['serve', '--json'], { folder, env: { ...env, ...more, REFIT_PORT: '0' } })
  let [events, complaints] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    events += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
  })
  const exited = once(child, 'exit')
  const ready = until('the receiver', async () => Ready.parse(JSON.parse(events.split('\n')[0] ?? '')))
  const { address } = await ready.catch((thrown: unknown) => {
    child.kill('SIGKILL')
    throw thrown
  })
  return {
    address,
    complaints: () => complaints,
    async stop(expected = /^$/) {
      child.kill('SIGTERM')
      await exited
      assert.equal(child.exitCode, 0)
      assert.match(complaints, expected)
    },
  }
}
