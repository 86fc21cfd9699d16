import { z } from 'zod'

/** Days as a number, zero or more. */
const days = z.number().min(0)

/** Whether the runtime knows the IANA time zone: asked, as the list grows with the runtime's time zone data. */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** When runs are started, and how often at most. */
export const Triggers = z.strictObject({
  schedule: z
    .strictObject({
      cron: z
        .string()
        .regex(/^\S+( +\S+){4}$/, 'a cron expression of five fields')
        .describe('cron expression of five fields: minute, hour, day of month, month, day of week')
        .meta({ examples: ['0 3 * * *'] }),
      timezone: z
        .string()
        .refine(isTimeZone, 'an IANA time zone')
        .default('UTC')
        .describe('IANA time zone')
        .meta({ examples: ['Europe/Berlin'] }),
      jitterSeconds: z.number().int().min(0).default(60).describe('random delay, so that not all models start at once'),
    })
    .optional()
    .describe('start runs by the clock; `refit apply` keeps the Temporal Schedule in step'),
  alerts: z
    .record(z.string(), z.string())
    .default({})
    .describe('labels an alert must carry to concern this model, besides `model`; none: every alert that names it')
    .meta({ examples: [{ severity: 'page' }] }),
  cooldownMinutes: z
    .number()
    .min(0)
    .default(60)
    .describe('rest after a run before a trigger that is not a person starts another; triggers meanwhile are kept'),
  runsPerDay: z.number().int().min(1).default(24).describe('most runs within 24 hours'),
})
/** When runs are started, and how often at most. */
export type Triggers = z.infer<typeof Triggers>

/** How it is decided whether nothing, a part or all of the model is retrained. Numbers of the default policy. */
export const Policy = z.strictObject({
  maxAgeDays: days.default(30).describe('refresh a model whose training data ended longer ago, in event time'),
  minRows: z.number().int().min(1).default(1000).describe('rows below which evidence is called insufficient'),
  cooldownDays: days.default(0).describe('least event time between two retrainings, except in recovery'),
  retrainsPer30Days: z.number().int().min(1).default(30).describe('most retrainings within 30 days of event time'),
  psiModerate: z.number().positive().default(0.1).describe('PSI on reference deciles that counts as moderate drift'),
  psiMajor: z.number().positive().default(0.25).describe('PSI on reference deciles that counts as major drift'),
  ksMajor: z.number().positive().max(1).default(0.2).describe('KS distance that counts as major drift'),
  driftedShare: z.number().min(0).max(1).default(0.3).describe('share of features in major drift for a partial'),
  driftedShareFull: z.number().min(0).max(1).default(0.6).describe('share of features in major drift for a full'),
  performanceDrop: z.number().positive().default(0.02).describe('loss of the goal metric that counts, absolute'),
  labelShift: z.number().positive().default(0.2).describe('relative change of the positive share that counts'),
  recoveryRows: z.number().int().min(1).default(20_000).describe('rows since a change point that end recovery'),
  partial: z
    .array(z.enum(['recalibrate', 'lastLayers', 'warmStart']))
    .default(['warmStart'])
    .describe('ways of partial retraining to prefer, first the trainer can do wins; none it can: full'),
  window: z
    .strictObject({
      history: z
        .union([
          z.literal('all'),
          z.strictObject({
            days: z
              .number()
              .positive()
              .describe('days before now')
              .meta({ examples: [90] }),
          }),
        ])
        .default('all')
        .describe('how far back training rows reach'),
      maxRows: z.number().int().min(1).default(5_000_000).describe('most training rows; older ones are thinned first'),
      replayShare: z
        .number()
        .min(0)
        .max(1)
        .default(0.5)
        .describe('partial: share of rows from before the last champion, against forgetting'),
    })
    .prefault({})
    .describe('which rows a retraining asks for'),
})
/** How it is decided whether nothing, a part or all of the model is retrained. */
export type Policy = z.infer<typeof Policy>
