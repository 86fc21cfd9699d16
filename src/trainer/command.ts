/**
 * Trains with the team's own program. The contract with the program, which `python/refit_trainer.py` keeps for Python:
 *
 * 1. It is run in the folder of the spec, in a process group of its own, with PATH, HOME, LANG and the like, the
 *    environment variables that the spec names, and the path of a job file as its last argument.
 * 2. Lines of its standard output are messages when they are `{"progress": 0.4, "text": "…"}` or
 *    `{"checkpoint": "file"}`; all else, and standard error, goes to `<outputFolder>.log`.
 * 3. It writes its files and, last, `result.json` into the output folder. Nothing outside that folder is taken.
 * 4. Exit codes: 0 done, 2 bad input (permanent), 75 try later, others failed (another attempt may help).
 * 5. SIGTERM asks it to end, SIGKILL follows after 5 seconds. Its standard input closes when the worker dies, and
 *    `REFIT_SUPERVISED=1` tells that it may rely on that.
 */
import { resolve } from 'node:path'
import { messageOf, RefitError } from '../errors.js'
import { hideSecrets, programEnvironment } from '../program/program-environment.js'
import { type Program, startProgram } from '../program/start-program.js'
import { followProgram } from './command/follow-program.js'
import { writeJobFile } from './command/job-file.js'
import { openProgramLog } from './command/program-log.js'
import { cancelled, failureOf } from './command/training-failure.js'
import { readTrainingResult } from './command/training-result.js'
import type { PartialWay, Trainer, TrainingHooks, TrainingJob, TrainingResult } from './trainer.js'

/** What a command trainer is made from: the spec's trainer, its folder, and the environment of the worker. */
export interface CommandTrainerOptions {
  /** Program and arguments; the job file is appended. */
  readonly command: readonly string[]
  /** Ways of partial retraining that the program knows. */
  readonly can: readonly PartialWay[]
  /** Folder that the program runs in. */
  readonly folder: string
  /** Names of environment variables that the program may see besides the usual ones. */
  readonly environment: readonly string[]
  /** Longest training; unlimited unless given. */
  readonly timeoutMs?: number
  /** Where the variables are taken from. */
  readonly env: NodeJS.ProcessEnv
}

/** Makes a trainer of the team's own program. Nothing is started before `train` is called. */
export function createCommandTrainer(options: CommandTrainerOptions): Trainer {
  return { can: options.can, train: (job, hooks) => train(options, job, hooks) }
}

async function train(options: CommandTrainerOptions, job: TrainingJob, hooks: TrainingHooks): Promise<TrainingResult> {
  const name = options.command.join(' ')
  if (job.mode !== 'full' && !options.can.includes(job.mode)) throw cannot(options, job.mode)
  if (hooks.signal.aborted) throw cancelled(name)
  const hide = hideSecrets(options.env, options.environment)
  const log = await openProgramLog(`${resolve(job.outputFolder)}.log`)
  try {
    const program = await start(options, await writeJobFile(job))
    const end = await followProgram(program, { name, job, hooks, log, hide, timeoutMs: options.timeoutMs })
    const failure = failureOf(end, name, log.tail())
    if (failure !== undefined) throw failure
  } finally {
    await log.close()
  }
  const result = await readTrainingResult(job.outputFolder)
  return { ...result, summary: hide(result.summary) }
}

async function start(options: CommandTrainerOptions, jobFile: string): Promise<Program> {
  const environment = { ...programEnvironment(options.env, options.environment), REFIT_SUPERVISED: '1' }
  const command = [...options.command, jobFile]
  return startProgram({ command, folder: options.folder, environment }).catch((thrown: unknown) => {
    const text = `Cannot train with \`${options.command.join(' ')}\`: ${messageOf(thrown)}.`
    throw new RefitError('TrainingFailed', `${text} Check trainer.command of the spec.`, {
      permanent: true,
      cause: thrown,
    })
  })
}

function cannot(options: CommandTrainerOptions, mode: PartialWay): RefitError {
  const known = options.can.length === 0 ? 'only a full training' : `full, ${options.can.join(', ')}`
  const text = `Cannot train by ${mode} with \`${options.command.join(' ')}\`: the spec says that it can do ${known}.`
  return new RefitError('TrainingFailed', `${text} Add the way to trainer.can once the program knows it.`, {
    permanent: true,
  })
}
