import type { Command } from 'commander'
import { readConfig } from '../config.js'
import { openPorts } from '../wiring.js'
import { startWorker } from '../worker.js'
import { WORKER_READY } from './stack/worker-ready.js'
import { untilStopped } from './until-stopped.js'

/** `refit worker`: serves the task queues until it is told to stop. */
export function workerCommand(program: Command): void {
  const command = program
    .command('worker')
    .description('serve the task queues until Ctrl-C; as many workers as wanted may run')
  untilStopped(command, async (_stopped, tell) => {
    const config = readConfig(process.env)
    const worker = await startWorker(config, await openPorts(config, { mustExist: true }))
    // A worker that a stack started ends with it, however the stack ended.
    process.once('disconnect', () => worker.stop())
    process.channel?.unref()
    tell(WORKER_READY, { event: 'ready', store: config.store })
    await worker.done
  })
}
