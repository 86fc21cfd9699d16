#!/usr/bin/env node
/** argv → command → exit code. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { readConfig } from '../config.js'
import type { EngineContext } from '../data/context.js'
import { checkExpressions } from '../data/expressions.js'
import { inferColumns } from '../data/infer-columns.js'
import { measureSource } from '../data/measure.js'
import { applyCommand } from './apply.js'
import { demoCommand } from './demo/demo.js'
import { devCommand } from './dev.js'
import { doctorCommand } from './doctor.js'
import { driftCommand } from './drift.js'
import { ingestCommand } from './ingest.js'
import { initCommand } from './init.js'
import { peopleCommands } from './people.js'
import { registryCommand } from './registry.js'
import { reportCommand } from './report.js'
import { runCommand } from './run.js'
import { serveCommand } from './serve.js'
import { statusCommand } from './status.js'
import { validateCommand } from './validate.js'
import { workerCommand } from './worker.js'

const program = new Command()
  .name('refit')
  .description('Keeps models in production fit: continuous retraining on Temporal.')
  .version(versionOfPackage())
  .showHelpAfterError('(see `refit help` for all verbs)')
  .exitOverride(({ code, exitCode }) => process.exit(exitCode === 0 || code === 'commander.help' ? 0 : 2))

initCommand(program, { inferColumns: (path) => inferColumns(scratch(), path) })
validateCommand(program, { checkExpressions, measureSource: (input) => measureSource(scratch(), input) })
applyCommand(program)
devCommand(program)
runCommand(program)
statusCommand(program)
peopleCommands(program)
registryCommand(program)
ingestCommand(program)
driftCommand(program)
reportCommand(program)
workerCommand(program)
serveCommand(program)
doctorCommand(program)
demoCommand(program)

await program.parseAsync()

/** Looking at files needs no store. */
function scratch(): EngineContext {
  const { scratchFolder, memory: memoryLimit } = readConfig(process.env)
  return { scratchFolder, memoryLimit }
}

function versionOfPackage(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  return String(version)
}
