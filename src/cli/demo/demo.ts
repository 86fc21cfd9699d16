import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Command, Option } from 'commander'
import { RefitError } from '../../errors.js'
import { startStack } from '../stack/stack.js'
import { paintFor } from '../terminal.js'
import { fail } from '../verb.js'
import { checkDemo, type DemoTrainer } from './check-demo.js'
import { lightGbmEnvironment } from './lightgbm.js'
import { openStage } from './stage.js'
import { tellStory } from './story.js'

const EXAMPLES = fileURLToPath(new URL('../../../../examples/', import.meta.url))

/** `refit demo`: the whole loop on three million real flights, with faults thrown in; checks itself at the end. */
export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('the whole loop on three million real flights, with faults; ends with a JSON summary')
    .addOption(new Option('--trainer <name>', 'what trains').choices(['embedded', 'lightgbm']).default('embedded'))
    .option('--folder <folder>', 'where to work; emptied first', '.refit/demo')
    .option('--json', 'nothing but the summary on stdout')
    .option('--keep', 'leave everything running at the end, to look around, until Ctrl-C')
    .action(async (options: DemoOptions) => {
      try {
        await demonstrate({ ...options, folder: resolve(options.folder) })
      } catch (thrown) {
        process.stdout.write(`${JSON.stringify({ outcome: 'failed', reason: String(thrown) })}\n`)
        fail(thrown, false)
      }
    })
}

interface DemoOptions {
  readonly trainer: DemoTrainer
  readonly folder: string
  readonly keep?: boolean
  readonly json?: boolean
}

async function demonstrate({ trainer, folder, keep = false, json = false }: DemoOptions): Promise<void> {
  const startedMs = Date.now()
  const say = (line: string) => void (json || process.stdout.write(`${line}\n`))
  say(paintFor().bold('Refit: three million flights, January to June 2001, arriving month by month'))
  const specFile = await layOut(trainer, folder)
  const stack = await startStack({
    folder,
    say,
    environment: { ...process.env, ...(await demoEnvironment(trainer, folder)) },
    onWorkerRestart: (code, signal) => say(`  » the worker ended (${signal ?? code}); the supervisor starts another`),
  })
  // Ctrl-C ends what was started, in order; a second one ends at once.
  const interrupted = () => void stack.stop().finally(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted)
  try {
    const stage = await openStage({ stack, folder, specFile, say })
    const story = await tellStory(stage)
    const summary = await checkDemo(stage, story, { trainer, startedMs })
    say('')
    say(`  Look around: ${join(folder, 'reports')} holds the report of each run.`)
    const ui = stack.temporalUi ?? 'the one of your server'
    say(
      keep
        ? `  Pages: ${stack.webAddress}   Temporal UI: ${ui}   Ctrl-C ends everything.`
        : '  With --keep, the pages and the Temporal UI stay up to be looked at.',
    )
    process.stdout.write(`${JSON.stringify(summary)}\n`)
    process.exitCode = summary.outcome === 'ok' ? 0 : 1
    if (keep) await new Promise(() => {})
  } finally {
    await stack.stop()
  }
}

/** The example as a user would copy it, into an empty folder. */
async function layOut(trainer: DemoTrainer, folder: string): Promise<string> {
  await emptyOwnFolder(folder)
  await mkdir(join(folder, 'landing'), { recursive: true })
  await cp(join(EXAMPLES, 'flights'), folder, { recursive: true })
  if (trainer === 'lightgbm') await cp(join(EXAMPLES, 'flights-lightgbm'), folder, { recursive: true })
  return join(folder, 'refit.yaml')
}

/** Name of the file by which a folder is known as the demonstration's own. */
const MARK = '.refit-demo'

/** Empties the folder, if an earlier demonstration made it; anybody else's is refused. */
async function emptyOwnFolder(folder: string): Promise<void> {
  const names: readonly string[] = await readdir(folder).catch(() => [])
  if (names.length > 0 && !names.includes(MARK)) {
    throw new RefitError('InvalidInput', `Cannot use the folder "${folder}": it holds other things. Name an empty one.`)
  }
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, MARK), 'The next demonstration empties this folder.\n')
}

async function demoEnvironment(trainer: DemoTrainer, folder: string): Promise<NodeJS.ProcessEnv> {
  return {
    REFIT_STORE: `file:${join(folder, '.refit', 'store')}`,
    REFIT_SCRATCH: join(folder, '.refit', 'scratch'),
    REFIT_PORT: '0',
    REFIT_ALERT_TOKEN: 'only-for-this-demonstration',
    REFIT_ACTOR: 'the demonstration',
    ...(trainer === 'lightgbm'
      ? await lightGbmEnvironment(join(EXAMPLES, 'flights-lightgbm', 'requirements.txt'))
      : {}),
  }
}
