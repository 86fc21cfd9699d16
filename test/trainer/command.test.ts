import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { RefitError } from '../../src/errors.js'
import { rejection } from '../support/rejection.js'
import { openWorkshop } from './workshop.js'

test('a program gets the job and its result comes back, with progress in order', async (t) => {
  const shop = await openWorkshop(
    t,
    `say({ progress: 0.5, text: 'half' }); console.log('hello'); say({ progress: 3, text: 'x'.repeat(999) }); finish({ parity: 0.001 })`,
  )
  const result = await shop.train({ can: ['warmStart'] }, { mode: 'warmStart', baseFolder: shop.folder })
  assert.deepEqual(result, {
    predictor: { kind: 'onnx', file: 'model.onnx', output: 'score' },
    files: ['model.onnx'],
    rowsTrained: 10,
    metrics: { auc: 0.7 },
    parity: 0.001,
    summary: 'trained',
  })
  assert.deepEqual(shop.progress, [
    { share: 0.5, text: 'half' },
    { share: 1, text: 'x'.repeat(200) },
  ])
  const written: unknown = JSON.parse(await readFile(`${shop.job.outputFolder}.job.json`, 'utf8'))
  assert.deepEqual(written, { version: 1, ...shop.job, mode: 'warmStart', baseFolder: shop.folder })
  assert.equal(await readFile(`${shop.job.outputFolder}.log`, 'utf8'), 'hello\n')
})

test('a program sees the usual variables and the named ones only, and its log hides their values', async (t) => {
  const shop = await openWorkshop(
    t,
    `console.log(Object.keys(process.env).sort().join(' ')); console.error('key ' + process.env.SERVICE_KEY)
     finish({ summary: 'used ' + process.env.SERVICE_KEY })`,
  )
  const env = { PATH: process.env.PATH, HOME: '/nowhere', SERVICE_KEY: 'top-secret-1', OTHER_KEY: 'not-for-you' }
  const result = await shop.train({ env, environment: ['SERVICE_KEY', 'NOT_SET'] })
  const lines = (await readFile(`${shop.job.outputFolder}.log`, 'utf8')).trim().split('\n').sort()
  assert.deepEqual(lines, [
    'HOME PATH PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONUNBUFFERED REFIT_SUPERVISED SERVICE_KEY',
    'key [SERVICE_KEY]',
  ])
  assert.equal(result.summary, 'used [SERVICE_KEY]')
})

test('the end of a program says whether another attempt can help', async (t) => {
  const cases: [source: string, permanent: boolean, message: RegExp][] = [
    ['process.exit(2)', true, /it refused its input \(exit code 2\)/],
    ['process.exit(75)', false, /it lacked something that may be back later \(exit code 75\)/],
    ['process.exit(3)', false, /it failed with exit code 3; another attempt may help/],
    ['process.exit(127)', true, /could not be started \(exit code 127\)/],
    ["process.kill(process.pid, 'SIGKILL')", false, /it was ended by SIGKILL from outside/],
    ["throw new Error('no such column')", false, /Error: no such column/],
  ]
  for (const [source, permanent, message] of cases) {
    const shop = await openWorkshop(t, source)
    const failure = await rejection(shop.train(), 'TrainingFailed')
    assert.equal(failure.permanent, permanent, source)
    assert.match(failure.message, message)
  }
})

test('a failure shows the last twenty lines of the log', async (t) => {
  const shop = await openWorkshop(t, `for (let i = 1; i <= 50; i++) console.error('line ' + i); process.exitCode = 9`)
  const failure = await rejection(shop.train(), 'TrainingFailed')
  const shown = failure.message.split('\n')
  assert.equal(shown[1], `Last lines of its log ${shop.job.outputFolder}.log:`)
  assert.deepEqual(
    shown.slice(2),
    Array.from({ length: 20 }, (_, i) => `  line ${i + 31}`),
  )
})

test('a program that cannot be started is a permanent failure that says why', async (t) => {
  const shop = await openWorkshop(t, '')
  const missing = await rejection(shop.train({ command: ['no-such-program', '--fast'] }), 'TrainingFailed')
  assert.equal(
    missing.message,
    'Cannot train with `no-such-program --fast`: "no-such-program" was not found; the PATH of the worker decides ' +
      'where programs are looked for. Check trainer.command of the spec.',
  )
  const nowhere = join(shop.folder, 'nowhere')
  const homeless = await rejection(shop.train({ folder: nowhere }), 'TrainingFailed')
  assert.match(homeless.message, /its folder ".*nowhere" does not exist on this machine/)
  assert.deepEqual([missing.permanent, homeless.permanent], [true, true])
})

test('a way that the program does not know is refused before it is started', async (t) => {
  const shop = await openWorkshop(t, 'finish()')
  const failure = await rejection(shop.train({ can: ['warmStart'] }, { mode: 'recalibrate' }), 'TrainingFailed')
  assert.match(failure.message, /Cannot train by recalibrate .* the spec says that it can do full, warmStart\./)
  assert.equal(failure.permanent, true)
})

test('a result is refused with everything that is wrong', async (t) => {
  const cases: [source: string, ...problems: string[]][] = [
    ['', '  expected a file that the program writes last, found none'],
    ["writeFileSync(job.outputFolder + '/result.json', '{')", '  expected JSON: '],
    [
      "finish({ rowsTrained: -1, metrics: { auc: 'high' }, summary: undefined, extra: 1 })",
      '  rowsTrained: ',
      '  metrics.auc: expected number, received string',
      '  summary: expected string, received undefined',
      '  the result: unknown key: "extra"',
    ],
    ["finish({ predictor: { kind: 'magic' } })", '  predictor.kind: '],
    [
      "finish({ files: ['absent.txt', '../program.mjs', '/etc/passwd', '.'] })",
      '  files[0]: "absent.txt" does not exist in ',
      '  files[1]: "../program.mjs" lies outside of ',
      '  files[2]: "/etc/passwd" lies outside of ',
      '  files[3]: "." lies outside of ',
      '  predictor.file: "model.onnx" is not among the files',
    ],
    [
      `symlinkSync(process.argv[1], job.outputFolder + '/link'); mkdirSync(job.outputFolder + '/folder')
       finish({ files: ['link', 'folder', 'model.onnx', 'model.onnx'],
                predictor: { kind: 'command', command: ['python3', '{package}/score.py'] } })`,
      '  files[0]: "link" is a link that leads out of ',
      '  files[1]: "folder" is not a file',
      '  files[3]: "model.onnx" is named twice',
      '  predictor.command[1]: "score.py" is not among the files',
    ],
  ]
  for (const [source, ...problems] of cases) {
    const shop = await openWorkshop(t, source)
    const failure = await rejection(shop.train(), 'TrainingFailed')
    assert.equal(failure.permanent, true)
    const lines = failure.message.split('\n')
    assert.equal(lines[0], 'Cannot use what the trainer made: its result.json is not as expected.')
    assert.equal(lines.length, problems.length + 2, failure.message)
    problems.forEach((problem, i) => {
      assert.ok(lines[i + 1]?.startsWith(problem), `${lines[i + 1]} | ${problem}`)
    })
  }
})

test('checkpoints are saved in order, one at a time, the latest of those that wait', async (t) => {
  const shop = await openWorkshop(
    t,
    `for (const name of ['a', 'b', 'c', 'd']) {
       writeFileSync(job.checkpointFolder + '/' + name, name); say({ checkpoint: name })
     }
     finish()`,
  )
  let saving = 0
  const saved: string[] = []
  const checkpoint = async (file: string): Promise<void> => {
    assert.equal(++saving, 1)
    await new Promise((done) => setTimeout(done, 200))
    saved.push(await readFile(file, 'utf8'))
    saving--
  }
  await shop.train({}, {}, { checkpoint })
  assert.ok(saved.length < 4, `all of ${saved} were saved`)
  assert.equal(saved.at(-1), 'd')
  assert.deepEqual(saved, [...saved].sort())
})

test('a checkpoint that cannot be saved, or is none, ends the training', async (t) => {
  const waits = 'setInterval(() => {}, 1000)'
  const shop = await openWorkshop(
    t,
    `writeFileSync(job.checkpointFolder + '/a', ''); say({ checkpoint: 'a' }); ${waits}`,
  )
  const checkpoint = (): Promise<void> => Promise.reject(new RefitError('StoreUnavailable', 'The store is away.'))
  const away = await rejection(shop.train({}, {}, { checkpoint }), 'StoreUnavailable')
  assert.equal(away.message, 'The store is away.')

  const other = await openWorkshop(t, `say({ checkpoint: '../program.mjs' }); ${waits}`)
  const failure = await rejection(other.train(), 'TrainingFailed')
  assert.match(failure.message, /Cannot save a checkpoint: "\.\.\/program\.mjs" lies outside of/)
  assert.equal(failure.permanent, true)
})
