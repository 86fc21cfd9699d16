/** Feeds of labels: answers about events that come later than these, from sources of their own. */
import { z } from 'zod'
import { Column, Name, SqlExpression } from './columns.js'
import { DataSource } from './data-source.js'

/** How far an answer can be trusted. */
export const LABEL_KINDS = ['verified', 'weak'] as const
/** How far an answer can be trusted. */
export type LabelKind = (typeof LABEL_KINDS)[number]

/** Weight of an answer where its feed names none: a sign such as a click is wrong often, yet there are many. */
const WEIGHTS: Readonly<Record<LabelKind, number>> = { verified: 1, weak: 0.3 }

/** A source of answers. They are ingested as a dataset of their own, with all that is promised of rows. */
export const LabelFeed = z.strictObject({
  kind: z
    .enum(LABEL_KINDS)
    .describe(
      '`verified`: somebody looked, so that answers may examine models; `weak`: a sign, such as a click or a hasty yes, that is only learned from',
    ),
  source: DataSource.describe('where answers come from; every kind of source of rows is one'),
  columns: z.record(Name, Column).describe('the columns that arrive, as in `data.columns`; others are ignored'),
  encoding: z
    .enum(['utf-8', 'windows-1252'])
    .default('utf-8')
    .describe('how CSV and JSON lines are encoded that have no byte order mark'),
  key: z
    .array(Name)
    .min(1)
    .describe('columns of the feed that together say which event is meant')
    .meta({ examples: [['order_id']] }),
  eventKey: z
    .array(Name)
    .min(1)
    .optional()
    .describe('columns of the event that `key` must equal, in the same order; those of the same names unless given')
    .meta({ examples: [['id']] }),
  time: Name.describe(
    'the timestamp or date column that says when the answer became known; before that time nothing is learned from it',
  ).meta({ examples: ['answered'] }),
  sql: SqlExpression.describe(
    'DuckDB expression over the columns of the feed: true for the positive class, false for the other, NULL says nothing',
  ).meta({ examples: ["verdict = 'late'"] }),
  withinDays: z
    .number()
    .positive()
    .optional()
    .describe(
      'days after the event up to which an answer belongs to it, for keys that are used again; for ever unless given',
    ),
  weight: z
    .number()
    .positive()
    .optional()
    .describe('weight of a row with such a label in training: 1 for verified and 0.3 for weak answers unless given'),
  mayExamine: z
    .boolean()
    .default(false)
    .describe('whether rows that have no better than these weak answers may examine models; verified ones always do'),
  maxQuarantineShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('share of broken answers in a batch above which the batch is stopped'),
})
/** A source of answers. */
export type LabelFeed = z.infer<typeof LabelFeed>

/** What people are asked, and how long their answers are waited for. */
export const LabelRequest = z.strictObject({
  rows: z.number().int().positive().describe('rows that are asked about'),
  randomShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('share of them that is drawn at random; the others are those on which the champion is least certain'),
  waitDays: z
    .number()
    .positive()
    .default(14)
    .describe('days for which answers are waited for, at most; for so long none of the rows is asked about again'),
})
/** What people are asked, and how long their answers are waited for. */
export type LabelRequest = z.infer<typeof LabelRequest>

/** Weight of a row with a label of this feed. */
export const weightOf = ({ kind, weight }: LabelFeed): number => weight ?? WEIGHTS[kind]

/** The columns of the event that the key of a feed must equal, in the order of the key. */
export const eventKeyOf = ({ key, eventKey }: LabelFeed): readonly string[] => eventKey ?? key
