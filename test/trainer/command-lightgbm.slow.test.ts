/** The example `flights-lightgbm` as its user would run it: real LightGBM on real flights. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { openCommandPredictor } from '../../src/predictor/command.js'
import type { Batch, Predictor } from '../../src/predictor/predictor.js'
import { auc } from '../../src/statistics/auc.js'
import { createCommandTrainer } from '../../src/trainer/command.js'
import type { TrainingJob, TrainingResult } from '../../src/trainer/trainer.js'
import { predictorConformance } from '../predictor/conformance.js'
import { exampleFile, packageFile } from '../support/example-file.js'
import { pythonEnvironment } from '../support/python.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { trainerConformance } from './conformance.js'
import { FLIGHT_FEATURES, type Flights, prepareFlights } from './flights.js'

/** Enough rounds for a checkpoint, few enough for a test. */
const PARAMETERS = { num_leaves: 31, num_iterations: 80, warm_start_iterations: 10 } as const

const found = await pythonEnvironment(exampleFile('flights-lightgbm', 'requirements.txt'))
// One thread: threads that wait for each other are slow where tests share a machine.
const env = { ...('missing' in found ? {} : found.env), OMP_THREAD_LIMIT: '1' }
const skip = 'missing' in found ? found.missing : false

const folder = await mkdtemp(join(tmpdir(), 'refit-flights-'))
after(() => rm(folder, { recursive: true, force: true }))
const few = await prepareFlights(folder, 3000, 200)

const trainer = createCommandTrainer({
  command: ['python3', 'train.py'],
  can: ['warmStart'],
  folder: dirname(exampleFile('flights-lightgbm', 'train.py')),
  environment: ['OMP_THREAD_LIMIT'],
  env,
})

async function makeJob(t: TestContext, flights: Flights, replaced: Partial<TrainingJob> = {}): Promise<TrainingJob> {
  // The job file and the log lie beside the output folder.
  const outputFolder = join(await temporaryFolder(t), 'output')
  await mkdir(outputFolder)
  return {
    mode: 'full',
    features: FLIGHT_FEATURES,
    trainingFile: flights.trainingFile,
    validationFile: flights.validationFile,
    parameters: PARAMETERS,
    seed: 1,
    outputFolder,
    checkpointFolder: await temporaryFolder(t),
    ...replaced,
  }
}

async function train(job: TrainingJob): Promise<TrainingResult> {
  const signal = new AbortController().signal
  return trainer.train(job, { signal, progress: () => {}, checkpoint: async () => {} })
}

async function open(packageFolder: string, { predictor }: TrainingResult): Promise<Predictor> {
  assert.ok(predictor.kind === 'command')
  return openCommandPredictor({ command: predictor.command, folder: packageFolder, features: FLIGHT_FEATURES, env })
}

async function score(packageFolder: string, result: TrainingResult, batch: Batch): Promise<Float64Array> {
  const predictor = await open(packageFolder, result)
  return predictor.predict(batch).finally(() => predictor.close())
}

test('60,000 real flights: the booster ranks flights of later days', { skip }, async (t) => {
  const many = await prepareFlights(await temporaryFolder(t), 60_000, 20_000)
  const job = await makeJob(t, many, { parameters: {} })
  const result = await train(job)
  const value = auc(many.labels, await score(job.outputFolder, result, many.holdout))
  t.diagnostic(`AUC ${value.toFixed(4)} on ${many.labels.length} held-out flights; ${result.summary}`)
  assert.ok(value > 0.62, `AUC ${value}`)
  assert.equal(result.rowsTrained, 60_000)
  assert.deepEqual(result.files, ['categories.json', 'model.txt', 'score.py'])
})

test('the adopted script makes the model of the script before, and tells a warm start from it', { skip }, async (t) => {
  await promisify(execFile)('python3', [exampleFile('flights-lightgbm', 'before.py')], { cwd: folder, env })
  const before = await readFile(join(folder, 'model.txt'), 'utf8')
  const full = await makeJob(t, few, { parameters: {} })
  await train(full)
  const after = await readFile(join(full.outputFolder, 'model.txt'), 'utf8')
  // What follows the trees are the parameters, with the seed and the names of files.
  const trees = (model: string): string => model.slice(0, model.indexOf('end of trees'))
  assert.equal(trees(after), trees(before))

  const warm = await makeJob(t, few, {
    mode: 'warmStart',
    baseFolder: full.outputFolder,
    parameters: { warm_start_iterations: 3 },
  })
  const result = await train(warm)
  const grown = await readFile(join(warm.outputFolder, 'model.txt'), 'utf8')
  const count = (model: string): number => model.split('\nTree=').length - 1
  assert.deepEqual([count(after), count(grown)], [200, 203])
  assert.match(result.summary, /^warmStart training on 3,000 rows · auc 0\.\d{4}$/)
})

test('the script was adopted with at most ten changed lines, and the README shows each', async () => {
  const [before, adopted] = await Promise.all(['before.py', 'train.py'].map(readExample))
  const { added, removed } = changedLines(before ?? [], adopted ?? [])
  assert.ok(added.length <= 10 && removed.length <= 10, `${added.length} added, ${removed.length} removed`)
  const readme = await readExample('README.md')
  const diff = readme.slice(readme.indexOf('```diff') + 1)
  const shown = diff.slice(0, diff.indexOf('```')).filter((line) => /^[+-](?!\+\+|--)/.test(line))
  assert.deepEqual(
    shown.filter((line) => line.startsWith('+')),
    added.map((line) => `+${line}`),
  )
  assert.deepEqual(
    shown.filter((line) => line.startsWith('-')),
    removed.map((line) => `-${line}`),
  )
})

async function readExample(name: string): Promise<string[]> {
  return (await readFile(packageFile(`examples/flights-lightgbm/${name}`), 'utf8')).trimEnd().split('\n')
}

/** The lines that a longest common subsequence leaves over. */
function changedLines(before: readonly string[], now: readonly string[]): { added: string[]; removed: string[] } {
  const common = Array.from({ length: before.length + 1 }, () => new Array<number>(now.length + 1).fill(0))
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0
  for (let i = before.length - 1; i >= 0; i--) {
    const row = common[i] ?? []
    for (let j = now.length - 1; j >= 0; j--) {
      row[j] = before[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const [added, removed]: [string[], string[]] = [[], []]
  let [i, j] = [0, 0]
  while (i < before.length || j < now.length) {
    if (i < before.length && before[i] === now[j]) {
      i++
      j++
    } else if (i < before.length && at(i + 1, j) >= at(i, j + 1)) removed.push(before[i++] ?? '')
    else if (j < now.length) added.push(now[j++] ?? '')
    else removed.push(before[i++] ?? '')
  }
  return { added, removed }
}

if (skip === false) {
  trainerConformance(
    'command, LightGBM',
    () => trainer,
    async (t, replaced) => {
      const job = await makeJob(t, few, replaced)
      return { job, scores: (result) => score(job.outputFolder, result, few.holdout) }
    },
  )

  let packaged: Promise<{ job: TrainingJob; result: TrainingResult }> | undefined
  const pack = async (t: TestContext) => {
    const job = await makeJob(t, few, { outputFolder: join(folder, 'packaged') })
    await mkdir(job.outputFolder)
    return { job, result: await train(job) }
  }
  predictorConformance(
    'command, LightGBM',
    async (t) => {
      packaged ??= pack(t)
      const { job, result } = await packaged
      const predictor = await open(job.outputFolder, result)
      t.after(() => predictor.close())
      return predictor
    },
    few.holdout,
  )
}
