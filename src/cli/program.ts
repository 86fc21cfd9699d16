/** The command line: every verb with its options. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { readConfig } from '../config.js'
import type { EngineContext } from '../data/engine/context.js'
import { inferColumns } from '../data/measure/infer-columns.js'
import { measureSource } from '../data/measure/measure.js'
import { checkExpressions } from '../data/rules/expressions.js'
import { openSource } from '../wiring.js'
import { applyCommand } from './apply.js'
import { compactCommand } from './compact.js'
import { datasetCommand } from './dataset.js'
import { demoCommand } from './demo/demo.js'
import { devCommand } from './dev.js'
import { doctorCommand } from './doctor.js'
import { driftCommand } from './drift.js'
import { eraseCommand } from './erase.js'
import { gcCommand } from './gc.js'
import { ingestCommand } from './ingest.js'
import { initCommand } from './init.js'
import { labelsCommand } from './labels.js'
import { peopleCommands } from './people.js'
import { quarantineCommand } from './quarantine.js'
import { registryCommand } from './registry.js'
import { reportCommand } from './report.js'
import { retireCommand } from './retire.js'
import { runCommand } from './run.js'
import { serveCommand } from './serve.js'
import { statusCommand } from './status.js'
import { validateCommand } from './validate.js'
import { workerCommand } from './worker.js'

/** In the order in which they are needed. */
const VERBS: readonly ((program: Command) => void)[] = [
  (program) => initCommand(program, { inferColumns: (path) => inferColumns(scratch(), path) }),
  (program) =>
    validateCommand(program, {
      checkExpressions,
      measureSource: (revision) => measureSource(scratch(), revision.spec, openSource(revision)),
    }),
  applyCommand,
  devCommand,
  runCommand,
  statusCommand,
  peopleCommands,
  registryCommand,
  ingestCommand,
  quarantineCommand,
  labelsCommand,
  datasetCommand,
  compactCommand,
  retireCommand,
  gcCommand,
  eraseCommand,
  driftCommand,
  reportCommand,
  workerCommand,
  serveCommand,
  doctorCommand,
  demoCommand,
]

/** Where the rest is told. */
const AFTER_HELP = `
Where the store and Temporal are is said by environment variables, such as REFIT_STORE and TEMPORAL_ADDRESS; without
them verbs speak to the \`refit dev\` of this folder. Exit code 2 is bad input, 1 is bad news. \`refit help VERB\` says more.`

/** The command line with all its verbs; nothing is done before it parses arguments. */
export function createProgram(): Command {
  const program = new Command()
    .name('refit')
    .description('Keeps models in production fit: continuous retraining on Temporal.')
    .version(versionOfPackage())
    .showHelpAfterError('(see `refit help` for all verbs)')
    .addHelpText('after', AFTER_HELP)
    .exitOverride(({ code, exitCode }) => process.exit(exitCode === 0 || code === 'commander.help' ? 0 : 2))
  for (const addTo of VERBS) addTo(program)
  return program
}

/** Looking at files needs no store. */
function scratch(): EngineContext {
  const { scratchFolder, memory: memoryLimit } = readConfig(process.env)
  return { scratchFolder, memoryLimit }
}

function versionOfPackage(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  return String(version)
}
