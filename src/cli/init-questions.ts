/** The questions to answer before a model is trained at all, and the spec that follows from the answers. */
import { glob } from 'tinyglobby'
import { RefitError } from '../errors.js'
import { type Column, Name } from '../spec/columns.js'
import { ModelSpec, type SpecInput } from '../spec/spec.js'
import { columnsRead } from '../spec/sql-names.js'
import type { Choice, Prompts } from './prompts.js'

/** A column as it was found in a file. */
export interface InferredColumn {
  readonly name: string
  readonly type: Column['type']
  readonly nullable: boolean
}

/** Where and about what is asked. */
export interface Interview {
  readonly prompts: Prompts
  /** Names and types of the columns of a file. */
  inferColumns(path: string): Promise<readonly InferredColumn[]>
  /** Folder of the spec: the glob is relative to it. */
  readonly folder: string
  /** Name that the model is offered. */
  readonly suggestedName: string
}

const METRICS: readonly Choice[] = [
  { value: 'auc', description: 'how well positives are ranked before negatives; 0.5 is chance, 1 is perfect' },
  { value: 'averagePrecision', description: 'as auc, for rare positives' },
  { value: 'accuracy', description: 'share of right decisions' },
  { value: 'logLoss', description: 'quality of the score as a probability; lower is better' },
  { value: 'brier', description: 'squared error of the score as a probability; lower is better' },
]

const SCHEDULES: readonly Choice[] = [
  { value: '', name: 'never', description: 'only alerts, new data and people start runs' },
  { value: '0 3 * * *', name: 'every night' },
  { value: '0 3 * * 1', name: 'every Monday' },
  { value: '0 3 1 * *', name: 'every month' },
]

/** Asks everything, in the order in which the answers depend on each other. */
export async function askSpec(interview: Interview): Promise<SpecInput> {
  const { prompts } = interview
  const model = await prompts.text('Name of the model?', { default: interview.suggestedName, check: checkName })
  const goal = await askGoal(prompts)
  const data = await askData(interview)
  const baseline = await askBaseline(prompts, Object.keys(data.columns))
  const deployment = {
    maxLatencyMs:
      (await prompts.number('How many milliseconds may a prediction take?', { default: 100, min: 1 })) ?? 100,
    maxSizeMb: (await prompts.number('How many megabytes may the model have?', { default: 500, min: 1 })) ?? 500,
  }
  const triggers = await askTriggers(prompts)
  const trainer = await askTrainer(prompts)
  return { model, goal, baseline, data, deployment, triggers, trainer }
}

function checkName(name: string): string | undefined {
  const checked = ModelSpec.shape.model.safeParse(name)
  return checked.success ? undefined : `Expected ${checked.error.issues[0]?.message ?? 'another name'}.`
}

async function askGoal(prompts: Prompts): Promise<SpecInput['goal']> {
  const description = await prompts.text('What does the model decide, and for whom?')
  const metric = ModelSpec.shape.goal.shape.metric.parse(
    await prompts.choose('Which number says how good it is?', METRICS),
  )
  const today = await prompts.number('What is that number today, however it is decided now? (empty: unknown)')
  const target = await prompts.number('Which value would be worth the effort? (empty: unknown)')
  const mustExplain = await prompts.yesOrNo('Must each decision be explained to the person it concerns?', false)
  const price = await prompts.number('What does an hour of training cost, in EUR?', { default: 0, min: 0 })
  return {
    description,
    metric,
    ...(today === undefined ? {} : { today }),
    ...(target === undefined ? {} : { target }),
    explanations: mustExplain ? 'required' : 'optional',
    trainingHourPrice: price ?? 0,
    currency: 'EUR',
  }
}

async function askData({ prompts, inferColumns, folder }: Interview): Promise<SpecInput['data']> {
  const pattern = await prompts.text('Which files hold the data? (glob: CSV, Parquet, JSON lines)', {
    default: 'landing/*.csv',
  })
  const [first] = (await glob(pattern, { cwd: folder, absolute: true, expandDirectories: false })).sort()
  if (first === undefined) {
    const wayOut = 'Put a first file there and try again, or start from refit init --example flights.'
    throw new RefitError(
      'InvalidInput',
      `Cannot learn the columns: no file matches "${pattern}" in ${folder}. ${wayOut}`,
    )
  }
  // What the spec cannot name is ignored when it arrives, as any column that it does not list.
  const columns = (await inferColumns(first)).filter(({ name }) => Name.safeParse(name).success)
  const times = columns.filter(({ type }) => type === 'timestamp' || type === 'date')
  if (times.length === 0) {
    const wayOut = 'Add a column that says when each row happened; holdouts and drift need it.'
    throw new RefitError('InvalidInput', `Cannot use "${first}": no column holds times. ${wayOut}`)
  }
  const eventTime = await prompts.choose('Which column says when the row happened?', times.map(asChoice))
  const names = columns.map(({ name }) => name)
  const sql = await prompts.text(`Which SQL expression is true for the positive class? (columns: ${names.join(', ')})`)
  const delayDays = await prompts.number('After how many days is the label known?', { default: 0, min: 0 })
  const answers = columnsRead(sql, names)
  const usable = columns.filter((column) => !times.includes(column) && !answers.has(column.name))
  const features = await prompts.chooseSome('Which columns are known when the model is asked?', usable.map(asFeature))
  return {
    source: { kind: 'files', glob: pattern },
    columns: Object.fromEntries(
      columns.map(({ name, type, nullable }) => [name, nullable ? { type, nullable } : { type }]),
    ),
    eventTime,
    features: [...features],
    label: { sql, delayDays: delayDays ?? 0 },
  }
}

const asChoice = ({ name, type }: InferredColumn): Choice => ({ value: name, name: `${name} (${type})` })
const asFeature = (column: InferredColumn): Choice => ({ ...asChoice(column), checked: true })

async function askBaseline(prompts: Prompts, columns: readonly string[]): Promise<SpecInput['baseline']> {
  const kind = await prompts.choose('Can a rule do it? It serves until a model proves to be better.', [
    { value: 'rule', name: 'a rule', description: 'a SQL expression over the columns; a constant will do' },
    { value: 'http', name: "somebody else's model", description: "an endpoint that takes MLflow's dataframe_split" },
  ])
  if (kind === 'http') return { kind, url: await prompts.text('Address of its endpoint?') }
  const message = `The rule: a SQL expression for a score from 0 to 1? (columns: ${columns.join(', ')})`
  return { kind: 'rule', score: await prompts.text(message, { default: '0.5' }) }
}

async function askTriggers(prompts: Prompts): Promise<SpecInput['triggers']> {
  const cron = await prompts.choose('When should runs start by the clock?', SCHEDULES)
  return cron === '' ? undefined : { schedule: { cron, timezone: 'UTC' } }
}

async function askTrainer(prompts: Prompts): Promise<SpecInput['trainer']> {
  const kind = await prompts.choose('What trains?', [
    { value: 'embedded', name: "Refit's own trainer", description: 'a neural network; nothing else to install' },
    { value: 'command', name: 'our own program', description: 'Python or anything else; see docs/trainers.md' },
  ])
  if (kind === 'embedded') return { kind }
  const line = await prompts.text('Its command line?', { default: 'python3 train.py' })
  return { kind: 'command', command: line.split(/\s+/) }
}
