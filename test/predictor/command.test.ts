import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type CommandPredictorOptions, openCommandPredictor } from '../../src/predictor/command.js'
import type { FeatureColumn } from '../../src/predictor/package.js'
import type { Batch, Predictor } from '../../src/predictor/predictor.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const FEATURES: readonly FeatureColumn[] = [
  { name: 'hour', kind: 'numeric' },
  { name: 'origin', kind: 'categorical' },
]

/** Opens a program whose `answer(question)` gives the line to be written. */
async function open(t: TestContext, source: string, change: Partial<CommandPredictorOptions> = {}): Promise<Predictor> {
  const folder = await temporaryFolder(t)
  const loop = `
    import { createInterface } from 'node:readline'
    for await (const line of createInterface({ input: process.stdin })) console.log(answer(JSON.parse(line)))`
  await writeFile(join(folder, 'score.mjs'), `${source}\n${loop}`)
  const command = [process.execPath, '{package}/score.mjs']
  const predictor = await openCommandPredictor({ command, folder, features: FEATURES, env: process.env, ...change })
  t.after(() => predictor.close())
  return predictor
}

function batch(hours: readonly number[], origins: readonly (string | null)[]): Batch {
  const hour = { kind: 'numeric', values: Float64Array.from(hours) } as const
  return { rows: hours.length, columns: { hour, origin: { kind: 'categorical', values: origins } } }
}

const HOURS = `const answer = ({ id, columns }) => JSON.stringify({ id, scores: columns.hour.map((h) => h / 24) })`

test('rows go to the program by name, missing values as null, and scores come back in order', async (t) => {
  const predictor = await open(
    t,
    `const answer = ({ id, rows, columns }) => JSON.stringify({ id, scores: columns.hour.map((hour, i) =>
       (hour === null ? 0.5 : hour / 100) + (columns.origin[i] === null ? 0.2 : columns.origin[i].length / 100)) })`,
  )
  const scores = await predictor.predict(batch([7, Number.NaN, 20], ['SFO', 'Ä', null]))
  assert.deepEqual(scores, Float64Array.of(0.07 + 0.03, 0.51, 0.4))
  assert.deepEqual(await predictor.predict(batch([], [])), new Float64Array())
})

test('a large batch is divided, and batches at the same time do not mix', async (t) => {
  const predictor = await open(t, HOURS)
  const hours = Array.from({ length: 30_000 }, (_, i) => i % 24)
  const expected = (shift: number): Float64Array => Float64Array.from(hours, (hour) => ((hour + shift) % 24) / 24)
  const origins = hours.map(() => null)
  const [first, second] = await Promise.all([
    predictor.predict(batch(hours, origins)),
    predictor.predict(
      batch(
        hours.map((hour) => (hour + 1) % 24),
        origins,
      ),
    ),
  ])
  assert.deepEqual(first, expected(0))
  assert.deepEqual(second, expected(1))
})

test('what libraries print between the answers is no answer', async (t) => {
  const predictor = await open(t, `console.log('Loading model …\\n[1] ok'); ${HOURS}`)
  assert.deepEqual(await predictor.predict(batch([12], ['SFO'])), Float64Array.of(0.5))
})

test('an error for one question is not the end of the program', async (t) => {
  const predictor = await open(
    t,
    `const answer = ({ id, columns }) => JSON.stringify(columns.hour[0] < 0 ? { id, error: 'hour is -1' } : { id, scores: [1] })`,
  )
  const failure = await rejection(predictor.predict(batch([-1], ['SFO'])), 'PredictorFailed')
  assert.match(failure.message, /^Cannot score with `.*score\.mjs`: hour is -1\.$/)
  assert.equal(failure.permanent, true)
  assert.deepEqual(await predictor.predict(batch([1], ['SFO'])), Float64Array.of(1))
})

test('a crash rejects what is under way and all that follows, with what the program said', async (t) => {
  const predictor = await open(t, `const answer = () => { console.error('Segmentation fault'); process.exit(139) }`)
  const outcomes = [predictor.predict(batch([1], ['SFO'])), predictor.predict(batch([2], ['SFO']))]
  for (const outcome of outcomes) {
    const failure = await rejection(outcome, 'PredictorFailed')
    assert.match(failure.message, /it ended with exit code 139\.\nIt said last:\n {2}Segmentation fault$/)
    assert.equal(failure.permanent, false)
  }
  await rejection(predictor.predict(batch([3], ['SFO'])), 'PredictorFailed')
})

test('a program that does not answer, or nonsense, is given up', async (t) => {
  const cases: [source: string, reason: RegExp][] = [
    [
      'const answer = () => new Promise(() => {}); setInterval(() => {}, 1000); await answer()',
      /not answer within 0\.5 s/,
    ],
    [`const answer = ({ id }) => '{"id": ' + id + ', "scores": [NaN]}'`, /what is no answer to a question: \{"id": 1/],
    [`const answer = () => '{"id": 99, "scores": [1]}'`, /what is no answer to a question: \{"id": 99/],
    ['const answer = ({ id }) => JSON.stringify({ id, scores: [0.1, 0.2] })', /it gave 2 scores for 1 rows/],
    [
      'const answer = ({ id }) => JSON.stringify({ id, scores: [1.5] })',
      /row 0 has score 1\.5, which is not in \[0, 1\]/,
    ],
  ]
  for (const [source, reason] of cases) {
    const predictor = await open(t, source, { timeoutMs: 500 })
    const failure = await rejection(predictor.predict(batch([1], ['SFO'])), 'PredictorFailed')
    assert.match(failure.message, reason)
  }
})

test('a column that the rows lack, or have as another kind, is named', async (t) => {
  const predictor = await open(t, HOURS)
  const hour = { kind: 'numeric', values: Float64Array.of(1) } as const
  const cases: [columns: Batch['columns'], message: string][] = [
    [{ hour }, 'Cannot score: the model expects a categorical column "origin", but the rows do not have it.'],
    [
      { hour, origin: hour },
      'Cannot score: the model expects a categorical column "origin", but the rows have numeric values.',
    ],
    [
      { hour, origin: { kind: 'categorical', values: [] } },
      'Cannot score: the model expects a categorical column "origin", but the batch has 1 rows, but 0 values.',
    ],
  ]
  for (const [columns, message] of cases) {
    const failure = await rejection(predictor.predict({ rows: 1, columns }), 'PredictorFailed')
    assert.equal(failure.message, message)
  }
})

test('closing ends the program and rejects what is under way', async (t) => {
  const predictor = await open(t, 'const answer = () => {}; await new Promise(() => setInterval(() => {}, 1000))')
  const asked = rejection(predictor.predict(batch([1], ['SFO'])), 'PredictorFailed')
  await predictor.close()
  assert.match((await asked).message, /it was closed/)
  await predictor.close()
})

test('a program that cannot be started rejects the opening', async (t) => {
  const failure = await rejection(open(t, '', { command: ['no-such-program'] }), 'PredictorFailed')
  assert.match(failure.message, /^Cannot score with `no-such-program`: "no-such-program" was not found;/)
  assert.equal(failure.permanent, true)
})

test('the program sees no variable of the worker but the usual ones', async (t) => {
  const source = `const answer = ({ id }) => JSON.stringify({ id, error: Object.keys(process.env).sort().join(' ') })`
  const env = { PATH: process.env.PATH, AWS_SECRET_ACCESS_KEY: 'secret' }
  const predictor = await open(t, source, { env })
  const { message } = await rejection(predictor.predict(batch([1], ['SFO'])), 'PredictorFailed')
  assert.match(message, /: PATH PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONUNBUFFERED\.$/)
})
