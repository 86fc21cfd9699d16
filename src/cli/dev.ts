import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { messageOf } from '../errors.js'
import { applyGiven } from './apply.js'
import { readSpecFile } from './read-spec-file.js'
import { startStack } from './stack/stack.js'
import { paintFor } from './terminal.js'
import { type Tell, untilStopped } from './until-stopped.js'

/** `refit dev`: server, worker, receiver and status page in one process tree, until Ctrl-C. */
export function devCommand(program: Command): void {
  const command = program
    .command('dev')
    .description('run a Temporal server, a worker, the receiver and the pages, until Ctrl-C; applies refit.yaml')
  untilStopped(command, dev)
}

async function dev(stopped: Promise<unknown>, tell: Tell): Promise<void> {
  const folder = resolve('.')
  tell(paintFor().bold('refit dev'), { event: 'starting', folder })
  const stack = await startStack({
    folder,
    say: (text) => tell(text, { event: 'progress', text: text.trim() }),
    environment: process.env,
    onWorkerRestart: (code, signal) =>
      tell(`  the worker ended (${signal ?? code}); starting another`, { event: 'workerEnded', code, signal }),
  })
  try {
    await applySpecOf(folder, tell)
    const { webAddress: web, temporalUi = null } = stack
    const temporal = stack.connection.address
    const text = '  ready. In another terminal: refit run. Ctrl-C stops everything.'
    tell(text, { event: 'ready', web, temporal, temporalUi })
    await stopped
    tell('\n  stopping', { event: 'stopping' })
  } finally {
    await stack.stop()
  }
  tell('  stopped', { event: 'stopped' })
}

/** Applies the folder's spec; a wrong one is shown and does not end the stack, as it is about to be mended. */
async function applySpecOf(folder: string, tell: Tell): Promise<void> {
  const file = join(folder, 'refit.yaml')
  const isThere = await access(file).then(
    () => true,
    () => false,
  )
  if (!isThere) {
    tell('  no refit.yaml here: write one with `refit init`, then `refit apply`', { event: 'noSpec' })
    return
  }
  try {
    const { text, json } = await applyGiven({ spec: await readSpecFile(file), folder }, false)
    tell(`  ${text.replaceAll('\n', '\n  ')}`, { event: 'applied', ...json })
  } catch (thrown) {
    const message = messageOf(thrown)
    tell(`  ${paintFor().red('refit.yaml is not applied')}: ${message}`, { event: 'notApplied', message })
  }
}
