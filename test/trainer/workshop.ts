/** A temporary folder with a small program that trains, for tests of the command trainer. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type CommandTrainerOptions, createCommandTrainer } from '../../src/trainer/command.js'
import type { TrainingHooks, TrainingJob, TrainingProgress, TrainingResult } from '../../src/trainer/trainer.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** Where a test's program lies, and how it is trained with. */
export interface Workshop {
  readonly folder: string
  readonly job: TrainingJob
  /** What the hooks were called with. */
  readonly progress: TrainingProgress[]
  readonly checkpoints: string[]
  train(
    change?: Partial<CommandTrainerOptions>,
    job?: Partial<TrainingJob>,
    hooks?: Partial<TrainingHooks>,
  ): Promise<TrainingResult>
  readonly cancel: AbortController
}

/** Begins each node program: the job, and `finish`, which writes a result that is fine unless changed. */
const PRELUDE = `
import { readFileSync, writeFileSync, symlinkSync, mkdirSync } from 'node:fs'
import { spawn } from 'node:child_process'
const job = JSON.parse(readFileSync(process.argv.at(-1), 'utf8'))
const say = (message) => console.log(JSON.stringify(message))
const finish = (change = {}) => {
  writeFileSync(job.outputFolder + '/model.onnx', 'a model')
  writeFileSync(job.outputFolder + '/result.json', JSON.stringify({
    predictor: { kind: 'onnx', file: 'model.onnx', output: 'score' },
    files: ['model.onnx'], rowsTrained: 10, metrics: { auc: 0.7 }, summary: 'trained', ...change }))
}
`

/** Opens a workshop with the source of a program; `python` is for a script in Python, without prelude. */
export async function openWorkshop(t: TestContext, source: string, python?: NodeJS.ProcessEnv): Promise<Workshop> {
  const folder = await temporaryFolder(t)
  const name = python === undefined ? 'program.mjs' : 'program.py'
  await writeFile(join(folder, name), python === undefined ? PRELUDE + source : source)
  const job = await makeJob(folder)
  const cancel = new AbortController()
  const progress: TrainingProgress[] = []
  const checkpoints: string[] = []
  const hooks: TrainingHooks = {
    signal: cancel.signal,
    progress: (said) => progress.push(said),
    checkpoint: async (file) => {
      checkpoints.push(file)
    },
  }
  const options: CommandTrainerOptions = {
    command: [python === undefined ? process.execPath : 'python3', name],
    can: [],
    folder,
    environment: [],
    env: python ?? process.env,
  }
  const train: Workshop['train'] = (change, changedJob, changedHooks) =>
    createCommandTrainer({ ...options, ...change }).train({ ...job, ...changedJob }, { ...hooks, ...changedHooks })
  return { folder, job, progress, checkpoints, train, cancel }
}

/** A job on files that only its program would read. */
async function makeJob(folder: string): Promise<TrainingJob> {
  const job: TrainingJob = {
    mode: 'full',
    features: [
      { name: 'hour', kind: 'numeric' },
      { name: 'origin', kind: 'categorical' },
    ],
    trainingFile: join(folder, 'training.parquet'),
    validationFile: join(folder, 'validation.parquet'),
    parameters: { rounds: 3 },
    seed: 7,
    outputFolder: join(folder, 'output'),
    checkpointFolder: join(folder, 'checkpoints'),
  }
  await mkdir(job.outputFolder)
  await mkdir(job.checkpointFolder)
  return job
}
