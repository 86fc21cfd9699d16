import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ValidateDeps, validateSpec } from '../../src/cli/validate.js'
import type { SourceMeasure } from '../../src/data/measure/measure.js'
import { exampleFile } from '../support/example-file.js'

const MEASURE: SourceMeasure = {
  files: 2,
  filesRead: 2,
  rows: 966_409,
  labelled: 966_400,
  positives: 210_000,
  from: '2001-01-01T00:05:00',
  to: '2001-02-28T23:59:00',
  quarantineShare: 9 / 966_409,
  reasons: { 'delay: min': 9 },
  unreadable: [],
}

const depsWith = (changes: Partial<ValidateDeps> = {}, measure: Partial<SourceMeasure> = {}): ValidateDeps => ({
  checkExpressions: async () => [],
  measureSource: async () => ({ ...MEASURE, ...measure }),
  ...changes,
})

async function specFile(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'refit-validate-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'refit.yaml')
  await writeFile(file, text)
  return file
}

const flights = exampleFile('flights', 'refit.yaml')

test('validate tells what the data of a valid spec look like', async () => {
  const seen: string[] = []
  const deps = depsWith({
    measureSource: async ({ spec, folder }) => {
      seen.push(spec.model, folder)
      return MEASURE
    },
  })
  const { text, exitCode, json } = await validateSpec(flights, { data: true }, deps)
  assert.equal(exitCode ?? 0, 0)
  assert.deepEqual(seen, ['flights', dirname(flights)])
  assert.deepEqual(text.split('\n'), [
    `${flights} is a valid spec of the model "flights".`,
    '  data        966,409 rows in 2 files, 2001-01-01 to 2001-02-28',
    '  quarantine  < 0.1 % of the rows: delay: min (9 rows)',
    '  labelled    100.0 % of the sound rows',
    '  positive    21.7 % of the labelled rows',
  ])
  assert.deepEqual(json, { valid: true, file: flights, model: 'flights', problems: [], warnings: [], data: MEASURE })
})

test('validate ends with 2 and all problems, and does not look at the data then', async (t) => {
  const file = await specFile(t, 'model: Flights\ngates:\n  margin: high\n')
  const deps = depsWith({ measureSource: () => Promise.reject(new Error('looked')) })
  const { text, exitCode, json } = await validateSpec(file, { data: true }, deps)
  assert.equal(exitCode, 2)
  assert.match(text, /refit\.yaml:3:11 gates\.margin: expected a number between 0 and 1, found "high"\. Write a share/)
  assert.ok(text.endsWith(`5 problems in ${file}.`), text)
  assert.equal(json.valid, false)
  assert.ok(Array.isArray(json.problems) && json.problems.length === 5)
})

test('validate places what is wrong with the SQL', async () => {
  const problem = { path: 'data.derived.hour.sql', expected: 'a DuckDB expression', found: 'no function "houre"!' }
  const deps = depsWith({ checkExpressions: async () => [problem] })
  const { text, exitCode } = await validateSpec(flights, { data: false }, deps)
  assert.equal(exitCode, 2)
  const place =
    /:\d+:\d+ data\.derived\.hour\.sql: expected a DuckDB expression, found no function "houre"\. Correct it/
  assert.match(text, place)
})

test('validate leaves the data out when asked to', async () => {
  const deps = depsWith({ measureSource: () => Promise.reject(new Error('looked')) })
  const { text, json } = await validateSpec(flights, { data: false }, deps)
  assert.equal(text, `${flights} is a valid spec of the model "flights".`)
  assert.equal(json.data, null)
})

test('validate warns of data that cannot train a model, with exit code 0', async () => {
  const cases: readonly (readonly [measure: Partial<SourceMeasure>, warnings: readonly string[]])[] = [
    [{}, []],
    [
      { files: 0, rows: 0 },
      [
        'data.source.glob: expected a glob that matches files, found none for "landing/*.{parquet,csv,jsonl}". Put the first files there, or correct the glob; it is relative to the folder of the spec.',
      ],
    ],
    [
      { quarantineShare: 0.2, reasons: { 'a: type': 1, 'b: min': 4, 'c: max': 3, 'd: max': 2 } },
      [
        'data.maxQuarantineShare: expected at most 5.0 % broken rows, found 20.0 %: b: min (4 rows), c: max (3 rows), d: max (2 rows), 1 more rules. Correct the rules of the columns, or the source: such data retrain nothing.',
      ],
    ],
    [
      { rows: 900, labelled: 900, positives: 1 },
      [
        'data.label.sql: expected both classes, at least 1,000 rows each, found 1 positive row of 900 labelled rows. Check the expression, or collect longer: gates will call the evidence inconclusive.',
        'policy.minRows: expected at least 1,000 rows, found 900 rows. Collect more: with so few, nothing is decided.',
      ],
    ],
  ]
  for (const [measure, expected] of cases) {
    const { text, exitCode } = await validateSpec(flights, { data: true }, depsWith({}, measure))
    const [, warnings = ''] = text.split('Warnings:\n')
    const lines = warnings.split('\n').filter((line) => line !== '')
    assert.deepEqual(lines.map((line) => line.replace(/^.*?:\d+:\d+ /, '')).sort(), expected)
    assert.equal(exitCode ?? 0, 0)
  }
})

test('validate says which file it cannot read', async () => {
  await assert.rejects(validateSpec('nowhere/refit.yaml', { data: false }, depsWith()), {
    code: 'InvalidInput',
    message:
      'Cannot read the spec "nowhere/refit.yaml": there is no such file. Name the file, or make one with `refit init`.',
  })
})
