/** The model spec: the YAML file a team writes for one model. Types, defaults, JSON Schema and docs all come from here. */
import { z } from 'zod'
import { Name, SqlExpression } from './columns.js'
import { DataSpec } from './data-spec.js'
import { Approval, BusinessMetric, Gates } from './examination.js'
import { Policy, Triggers } from './policy.js'

/** The metrics of a binary classifier that a goal can name; `logLoss` and `brier` are better when lower. */
export const GOAL_METRICS = ['auc', 'averagePrecision', 'accuracy', 'logLoss', 'brier'] as const
/** A metric that a goal can name. */
export type GoalMetric = (typeof GOAL_METRICS)[number]

const Goal = z.strictObject({
  description: z
    .string()
    .min(1)
    .describe('what the model decides, and for whom')
    .meta({ examples: ['tell gate agents which flights will be late'] }),
  metric: z.enum(GOAL_METRICS).describe('the number that says how good the model is'),
  today: z
    .number()
    .optional()
    .describe("today's value of the metric, however it is reached now")
    .meta({ examples: [0.64] }),
  target: z
    .number()
    .optional()
    .describe('the value that would be worth the effort')
    .meta({ examples: [0.7] }),
  explanations: z
    .enum(['required', 'optional'])
    .default('optional')
    .describe('whether each decision must be explained to the person it concerns'),
  trainingHourPrice: z.number().min(0).default(0).describe('price of an hour of training, in `currency`'),
  currency: z.string().default('EUR').describe('currency of prices'),
})

/** Can a rule do it? Champion zero serves, logged, until a trained model beats it. */
const Baseline = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rule').describe('a rule that anybody can read'),
    score: SqlExpression.describe(
      'DuckDB expression over the columns: a score from 0 to 1 for the positive class',
    ).meta({
      examples: ['CASE WHEN hour(date) >= 18 THEN 0.28 ELSE 0.18 END'],
    }),
  }),
  z.strictObject({
    kind: z.literal('http').describe("somebody else's predictor"),
    url: z
      .url({ protocol: /^https?$/ })
      .describe("endpoint that takes MLflow's dataframe_split JSON and answers predictions")
      .meta({ examples: ['https://scores.example.com/invocations'] }),
    tokenEnv: Name.optional()
      .describe('environment variable that holds a bearer token')
      .meta({
        examples: ['SCORES_TOKEN'],
      }),
  }),
])

const Prediction = z.strictObject({
  threshold: z
    .union([z.number().min(0).max(1), z.literal('leastCost')])
    .default(0.5)
    .describe('score from which the decision is positive; `leastCost` takes it from the business metric'),
})

const Deployment = z.strictObject({
  target: z.literal('pointer').default('pointer').describe('how the champion reaches its users: the registry alias'),
  maxLatencyMs: z.number().positive().default(100).describe('99th percentile of one prediction'),
  maxSizeMb: z.number().positive().default(500).describe('size of the package'),
})

const TrainerSpec = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('embedded').describe('a multilayer perceptron with embeddings, trained by Refit itself'),
    seed: z.number().int().min(0).default(1).describe('seed of everything random'),
    timeoutMinutes: z.number().positive().default(60).describe('longest training'),
    parameters: z.record(z.string(), z.unknown()).default({}).describe('hyper-parameters; see docs/trainers.md'),
  }),
  z.strictObject({
    kind: z.literal('command').describe("the team's own program"),
    command: z
      .array(z.string().min(1))
      .min(1)
      .describe('program and arguments; the job file is appended. Run in the folder of the spec')
      .meta({ examples: [['python3', 'train.py']] }),
    can: z
      .array(z.enum(['recalibrate', 'lastLayers', 'warmStart']))
      .default([])
      .describe('ways of partial retraining that the program knows'),
    environment: z
      .array(z.string())
      .default([])
      .describe('names of environment variables that the program may see')
      .meta({ examples: [['CUDA_VISIBLE_DEVICES']] }),
    seed: z.number().int().min(0).default(1).describe('seed, handed to the program'),
    timeoutMinutes: z.number().positive().default(60).describe('longest training'),
    parameters: z.record(z.string(), z.unknown()).default({}).describe('handed to the program as they are'),
  }),
])
/** Who trains, and with what. */
export type TrainerSpec = z.infer<typeof TrainerSpec>

/** The model spec. Every object is strict: an unknown key is an error, as it is likely a misspelt one. */
export const ModelSpec = z.strictObject({
  model: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, 'a lower-case letter, then lower-case letters, digits or -, at most 63 characters')
    .describe('name of the model')
    .meta({ examples: ['flights'] }),
  owner: z
    .string()
    .min(1)
    .optional()
    .describe('who answers for the model')
    .meta({ examples: ['team operations'] }),
  goal: Goal.describe('what the model is for'),
  baseline: Baseline.describe('champion zero: what serves until a trained model beats it'),
  data: DataSpec.describe('where rows come from and what they mean'),
  prediction: Prediction.prefault({}).describe('how a score becomes a decision'),
  businessMetric: BusinessMetric.optional().describe('what decisions cost'),
  deployment: Deployment.prefault({}).describe('where the model goes, and its limits there'),
  triggers: Triggers.prefault({}).describe('when runs start'),
  policy: Policy.prefault({}).describe('how it is decided what to retrain'),
  trainer: TrainerSpec.prefault({ kind: 'embedded' }).describe('what trains'),
  gates: Gates.prefault({}).describe('what a candidate must show'),
  approval: Approval.prefault({}).describe('whether a person decides in the end'),
})
/** The model spec as it is written: what has a default may be absent. */
export type SpecInput = z.input<typeof ModelSpec>
/** The model spec, complete with defaults. */
export type ModelSpec = Readonly<z.infer<typeof ModelSpec>>

/** A spec as it is stored: one revision. */
export const SpecRevision = z.strictObject({
  spec: ModelSpec,
  /** Folder that relative paths of the spec (globs, commands) are relative to. */
  folder: z.string().min(1),
})
/** A spec as it is stored: one revision. */
export type SpecRevision = Readonly<z.infer<typeof SpecRevision>>
