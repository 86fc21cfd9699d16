import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openCommandPredictor } from '../../src/predictor/command.js'
import { pythonEnvironment } from '../support/python.js'
import { rejection } from '../support/rejection.js'
import { openWorkshop, type Workshop } from './workshop.js'

/** A workshop with a script that needs nothing but Python; none when there is no Python. */
async function openPythonWorkshop(t: TestContext, source: string): Promise<Workshop | undefined> {
  const found = await pythonEnvironment([])
  if ('missing' in found) {
    t.skip(found.missing)
    return undefined
  }
  return openWorkshop(t, `import refit_trainer\njob = refit_trainer.load_job()\n${source}`, found.env)
}

/** Learns the share of late flights: enough to be trained, saved, resumed and served. */
const LEARNER = `
import json, os, signal, time
count = int(job.resume_from.read_text()) if job.resume_from else 0
while count < job.parameters["rounds"]:
    count += 1
    job.progress(count / job.parameters["rounds"], f"round {count}")
    file = job.checkpoint_folder / f"round-{count}"
    file.write_text(str(count))
    job.checkpoint(file)
    if count == 2 and not job.resume_from:
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGKILL)
(job.output_folder / "rate.json").write_text(json.dumps(count / 10))
with open("score.py", "w") as script:
    script.write("""
import json, pathlib, refit_trainer
RATE = json.loads((pathlib.Path(__file__).parent / "rate.json").read_text())
refit_trainer.serve(lambda columns: [RATE if hour is None else 0.5 for hour in columns["hour"]])
""")
job.finish(predictor="score.py", rows_trained=job.seed, metrics={"auc": 0.7125}, parity=0.0)
`

test('a Python script is trained, killed, resumed and served', async (t) => {
  const shop = await openPythonWorkshop(t, LEARNER)
  if (shop === undefined) return
  await rejection(shop.train(), 'TrainingFailed')
  const resumeFrom = shop.checkpoints.at(-1)
  assert.equal(resumeFrom, join(shop.job.checkpointFolder, 'round-2'))
  const result = await shop.train({}, { ...(resumeFrom === undefined ? {} : { resumeFrom }) })
  assert.deepEqual(
    shop.progress.map(({ text }) => text),
    ['round 1', 'round 2', 'round 3'],
  )
  assert.deepEqual(result, {
    predictor: { kind: 'command', command: ['python3', '{package}/score.py'] },
    files: ['rate.json', 'score.py'],
    rowsTrained: 7,
    metrics: { auc: 0.7125 },
    parity: 0,
    summary: 'full training on 7 rows · auc 0.7125',
  })
  assert.ok(result.predictor.kind === 'command')
  const predictor = await openCommandPredictor({
    command: result.predictor.command,
    folder: shop.job.outputFolder,
    features: [{ name: 'hour', kind: 'numeric' }],
    env: process.env,
  })
  const hours = { kind: 'numeric', values: Float64Array.of(7, Number.NaN) } as const
  assert.deepEqual(await predictor.predict({ rows: 2, columns: { hour: hours } }), Float64Array.of(0.5, 0.3))
  await predictor.close()
})

test('an exception in a script says by its exit code whether another attempt can help', async (t) => {
  const cases: [source: string, permanent: boolean, said: RegExp][] = [
    ['raise refit_trainer.BadInput("no rows")', true, /Bad input: no rows$/],
    ['{}["hour"]', true, /KeyError: 'hour'$/],
    ['import no_such_package', true, /ModuleNotFoundError: No module named 'no_such_package'$/],
    ['raise ConnectionError("the feature store is away")', false, /ConnectionError: the feature store is away$/],
    ['raise RuntimeError("out of memory")', false, /RuntimeError: out of memory$/],
    ['job.finish(predictor=["x"], rows_trained=1, metrics={"auc": float("nan")})', true, /metrics\['auc'\] is nan/],
    ['job.base_json("categories.json")\njob.lightgbm({})["callbacks"]\nraise SystemExit(75)', false, /exit code 75/],
  ]
  for (const [source, permanent, said] of cases) {
    const shop = await openPythonWorkshop(t, source)
    if (shop === undefined) return
    const failure = await rejection(shop.train(), 'TrainingFailed')
    assert.equal(failure.permanent, permanent, failure.message)
    assert.match(failure.message, said)
  }
})

test('a partial training without the champion is refused by the helper', async (t) => {
  const shop = await openPythonWorkshop(t, 'job.lightgbm({})')
  if (shop === undefined) return
  const failure = await rejection(shop.train({ can: ['warmStart'] }, { mode: 'warmStart' }), 'TrainingFailed')
  assert.match(failure.message, /Bad input: warmStart begins with the champion, but the job has no baseFolder$/)
  const other = await rejection(shop.train({ can: ['recalibrate'] }, { mode: 'recalibrate' }), 'TrainingFailed')
  assert.match(other.message, /Bad input: a booster cannot be retrained by 'recalibrate'/)
})

test('a worker that is killed takes its training with it', async (t) => {
  const shop = await openPythonWorkshop(
    t,
    `import os, time\nopen("pid.part", "w").write(str(os.getpid()))\nos.rename("pid.part", "pid")\ntime.sleep(600)`,
  )
  if (shop === undefined) return
  const trainer = new URL('../../src/trainer/command.js', import.meta.url).href
  const worker = join(shop.folder, 'worker.mjs')
  await writeFile(
    worker,
    `import { createCommandTrainer } from ${JSON.stringify(trainer)}
     const options = { command: ['python3', 'program.py'], can: [], environment: [], env: process.env }
     await createCommandTrainer({ ...options, folder: ${JSON.stringify(shop.folder)} }).train(${JSON.stringify(shop.job)},
       { signal: new AbortController().signal, progress() {}, async checkpoint() {} })`,
  )
  const killed = spawn(process.execPath, [worker], { stdio: 'inherit' })
  const pid = await readEventually(join(shop.folder, 'pid'))
  // When the test fails, nobody else ends it.
  t.after(() => isRunning(Number(pid)) && process.kill(Number(pid), 'SIGKILL'))
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  const deadline = Date.now() + 10_000
  while (isRunning(Number(pid)) && Date.now() < deadline) await sleep(20)
  assert.equal(isRunning(Number(pid)), false)
})

async function readEventually(file: string): Promise<string> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined) return text
    await sleep(20)
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
