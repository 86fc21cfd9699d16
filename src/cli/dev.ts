import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { messageOf } from '../errors.js'
import { applyGiven } from './apply.js'
import { readSpecFile } from './read-spec-file.js'
import { startStack } from './stack/stack.js'
import { paintFor } from './terminal.js'
import { untilStopped } from './until-stopped.js'

/** `refit dev`: server, worker, receiver and status page in one process tree, until Ctrl-C. */
export function devCommand(program: Command): void {
  program
    .command('dev')
    .description('run a Temporal server, a worker, the receiver and the pages, until Ctrl-C; applies refit.yaml')
    .action(() => untilStopped(dev))
}

const say = (line: string) => void process.stdout.write(`${line}\n`)

async function dev(stopped: Promise<unknown>): Promise<void> {
  const folder = resolve('.')
  say(paintFor().bold('refit dev'))
  const stack = await startStack({
    folder,
    say,
    environment: process.env,
    onWorkerRestart: (code, signal) => say(`  the worker ended (${signal ?? code}); starting another`),
  })
  try {
    await applySpecOf(folder)
    say('  ready. In another terminal: refit run. Ctrl-C stops everything.')
    await stopped
    say('\n  stopping')
  } finally {
    await stack.stop()
  }
  say('  stopped')
}

/** Applies the folder's spec; a wrong one is shown and does not end the stack, as it is about to be mended. */
async function applySpecOf(folder: string): Promise<void> {
  const file = join(folder, 'refit.yaml')
  const isThere = await access(file).then(
    () => true,
    () => false,
  )
  if (!isThere) {
    say('  no refit.yaml here: write one with `refit init`, then `refit apply`')
    return
  }
  try {
    const { text } = await applyGiven({ spec: await readSpecFile(file), folder }, false)
    say(`  ${text.replaceAll('\n', '\n  ')}`)
  } catch (thrown) {
    say(`  ${paintFor().red('refit.yaml is not applied')}: ${messageOf(thrown)}`)
  }
}
