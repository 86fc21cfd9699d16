import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type InitDeps, initSpec } from '../../src/cli/init.js'
import type { InferredColumn } from '../../src/cli/init-questions.js'
import type { Choice, Prompts } from '../../src/cli/prompts.js'
import { specJsonSchemaText } from '../../src/spec/json-schema.js'
import { parseSpec } from '../../src/spec/parse.js'

const COLUMNS: readonly InferredColumn[] = [
  { name: 'day', type: 'date', nullable: false },
  { name: 'plan', type: 'string', nullable: true },
  { name: 'calls', type: 'integer', nullable: false },
  { name: 'gone', type: 'boolean', nullable: false },
  { name: 'not a name', type: 'string', nullable: false },
]

const nobody: InitDeps = { inferColumns: async () => COLUMNS }

async function emptyFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'refit-init-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

/** Answers by a word of the question; what is not listed gets its default, or the first choice. */
function answering(answers: Readonly<Record<string, string | number>>): { prompts: Prompts; asked: string[] } {
  const asked: string[] = []
  const answerTo = (message: string): string | number | undefined => {
    asked.push(message)
    return Object.entries(answers).find(([word]) => message.includes(word))?.[1]
  }
  const prompts: Prompts = {
    text: async (message, options) => String(answerTo(message) ?? options?.default ?? ''),
    number: async (message, options) => Number(answerTo(message) ?? options?.default ?? Number.NaN) || undefined,
    yesOrNo: async (message, initial) => {
      answerTo(message)
      return initial
    },
    choose: async (message, [first]: readonly Choice[]) => String(answerTo(message) ?? first?.value),
    chooseSome: async (message, choices) => {
      answerTo(message)
      return choices.filter(({ checked }) => checked === true).map(({ value }) => value)
    },
  }
  return { prompts, asked }
}

const ANSWERS = {
  'decide, and for whom': 'whom to call before they leave',
  'Which SQL expression': 'gone',
  'The rule': 'CASE WHEN calls = 0 THEN 0.4 ELSE 0.1 END',
  'that number today': 0.6,
}

/** What must be answered before anything is trained. */
const CHECKLIST = [
  'for whom',
  'number says how good',
  'number today',
  'worth the effort',
  'explained',
  'hour of training cost',
  'hold the data',
  'when the row happened',
  'positive class',
  'label known',
  'known when the model is asked',
  'Can a rule do it',
  'milliseconds',
  'megabytes',
  'by the clock',
  'What trains',
]

test('init makes a spec of the answers that parses, and its schema', async (t) => {
  const folder = await emptyFolder(t)
  await writeFile(join(folder, 'first.csv'), 'day,plan,calls,gone\n')
  const { prompts, asked } = answering({ ...ANSWERS, 'Which files': '*.csv', 'Name of the model': 'churn' })
  const { exitCode, text } = await initSpec({ folder }, { ...nobody, prompts })
  assert.equal(exitCode, 0)
  const written = await readFile(join(folder, 'refit.yaml'), 'utf8')
  const parsed = parseSpec(written)
  assert.ok(parsed.ok)
  assert.equal(parsed.spec.model, 'churn')
  assert.deepEqual(parsed.spec.data.features, ['plan', 'calls'])
  assert.equal(parsed.spec.data.columns.plan?.nullable, true)
  assert.match(written, /^# yaml-language-server: \$schema=refit\.schema\.json\n/)
  assert.match(written, / {2}# the number that says how good the model is\n {2}metric: auc\n/)
  assert.equal(await readFile(join(folder, 'refit.schema.json'), 'utf8'), specJsonSchemaText())
  assert.equal(
    text,
    `wrote ${folder}/refit.yaml\nwrote ${folder}/refit.schema.json\n\nNext: cd ${folder} && refit validate`,
  )
  assert.equal(parsed.spec.goal.today, 0.6)
  for (const word of CHECKLIST) assert.ok(asked.join('\n').includes(word), word)
})

test('init keeps answers that do not fit together and says what is wrong', async (t) => {
  const folder = await emptyFolder(t)
  await writeFile(join(folder, 'first.csv'), 'day,plan,calls,gone\n')
  const { prompts } = answering({ ...ANSWERS, 'Which files': '*.csv', 'Can a rule': 'http', Address: 'scores' })
  const { exitCode, text } = await initSpec({ folder }, { ...nobody, prompts })
  assert.equal(exitCode, 2)
  assert.match(text, /baseline\.url: expected an http or https address, found "scores"/)
  assert.match(await readFile(join(folder, 'refit.yaml'), 'utf8'), /url: scores/)
})

test('init copies an example whole, with the line that names its schema', async (t) => {
  const folder = await emptyFolder(t)
  const { exitCode, json } = await initSpec({ folder, example: 'flights' }, nobody)
  assert.equal(exitCode, 0)
  const expected = ['README.md', 'months.mjs', 'refit.schema.json', 'refit.yaml']
  assert.deepEqual((await readdir(folder)).sort(), expected)
  assert.deepEqual(json.problems, [])
  assert.match(await readFile(join(folder, 'refit.yaml'), 'utf8'), /^# yaml-language-server/)
})

test('init copies the LightGBM example with what it shares', async (t) => {
  const folder = join(await emptyFolder(t), 'deep', 'inside')
  await initSpec({ folder, example: 'flights-lightgbm' }, nobody)
  const names = await readdir(folder)
  for (const name of ['months.mjs', 'refit.yaml', 'train.py']) assert.ok(names.includes(name), name)
})

test('init overwrites nothing without --force', async (t) => {
  const folder = await emptyFolder(t)
  await writeFile(join(folder, 'README.md'), 'mine')
  await assert.rejects(initSpec({ folder, example: 'flights' }, nobody), {
    code: 'InvalidInput',
    message: `Cannot write "${join(folder, 'README.md')}": it exists. Use --force to overwrite it, or --folder for another place.`,
  })
  assert.deepEqual(await readdir(folder), ['README.md'])
  await initSpec({ folder, example: 'flights', force: true }, nobody)
  assert.match(await readFile(join(folder, 'README.md'), 'utf8'), /^# Flights/)
})

test('init says why it cannot go on', async (t) => {
  const folder = await emptyFolder(t)
  const { prompts } = answering({ ...ANSWERS, 'Which files': '*.csv' })
  const noTime: InitDeps = { inferColumns: async () => COLUMNS.slice(1), prompts }
  await assert.rejects(initSpec({ folder }, nobody), {
    message:
      'Cannot ask questions: nobody is at the terminal. Run it in a terminal, or copy an example: `refit init --example flights`.',
  })
  await assert.rejects(initSpec({ folder, example: 'fights' }, nobody), {
    message: 'Cannot copy the example "fights": there is none. Choose one of: flights, flights-lightgbm.',
  })
  await assert.rejects(initSpec({ folder }, { ...nobody, prompts }), {
    message: `Cannot learn the columns: no file matches "*.csv" in ${folder}. Put a first file there and try again, or start from refit init --example flights.`,
  })
  await writeFile(join(folder, 'first.csv'), '')
  await assert.rejects(initSpec({ folder }, noTime), {
    message: `Cannot use "${join(folder, 'first.csv')}": no column holds times. Add a column that says when each row happened; holdouts and drift need it.`,
  })
  assert.deepEqual(await readdir(folder), ['first.csv'])
})
