/** The part of a spec that says where rows come from and what they mean. */
import { z } from 'zod'
import { Column, DerivedColumn, Name, RowRule, SqlExpression } from './columns.js'
import { DataSource } from './data-source.js'
import { LabelFeed, LabelRequest } from './label-feed.js'

/** Where data comes from, which columns it has, and what is learned from it. */
export const DataSpec = z.strictObject({
  source: DataSource.describe('where rows come from'),
  columns: z.record(Name, Column).describe('the columns that arrive; others are ignored'),
  encoding: z
    .enum(['utf-8', 'windows-1252'])
    .default('utf-8')
    .describe(
      'how CSV and JSON lines are encoded that have no byte order mark; windows-1252 reads ISO 8859-1 (Latin-1) too',
    ),
  derived: z.record(Name, DerivedColumn).default({}).describe('columns computed from those that arrive'),
  rules: z.record(Name, RowRule).default({}).describe('what must hold within a row, besides the rules of its columns'),
  key: z
    .array(Name)
    .min(1)
    .optional()
    .describe(
      'the columns that arrive and together identify a row. A row whose key is there already is a duplicate, though its other values may differ: the first one stays',
    )
    .meta({ examples: [['order_id']] }),
  keyWindowDays: z
    .number()
    .positive()
    .default(30)
    .describe('rows of one key whose event times are further apart are different rows; older partitions are not read'),
  eventTime: Name.describe('the timestamp or date column that says when the row happened').meta({ examples: ['date'] }),
  clock: z
    .enum(['wallClock', 'lastEvent'])
    .default('wallClock')
    .describe('what counts as now: the clock on the wall, or the last event that arrived (replayed, historic data)'),
  features: z
    .array(Name)
    .min(1)
    .describe('the columns, arriving or derived, that the model may see')
    .meta({ examples: [['hour', 'distance']] }),
  label: z
    .strictObject({
      sql: SqlExpression.default('NULL')
        .describe('DuckDB expression that is true for the positive class; NULL while unknown')
        .meta({ examples: ['delay > 15'] }),
      delayDays: z.number().min(0).default(0).describe('days after the event until the label is known'),
    })
    .prefault({})
    .describe('what is to be predicted'),
  labels: z
    .record(Name, LabelFeed)
    .optional()
    .describe(
      'feeds of labels that come later than the rows, each from a source of its own; then `label.sql` may be left out. See docs/labels.md',
    )
    .meta({ examples: [{ inspections: { kind: 'verified' } }] }),
  labelRequest: LabelRequest.optional().describe(
    'makes each run ask people about rows without a label, and wait for the answers',
  ),
  retentionDays: z
    .number()
    .positive()
    .optional()
    .describe(
      'days after the event for which rows are kept; `refit retire` drops older ones by whole partitions. All are kept unless given',
    )
    .meta({ examples: [730] }),
  maxQuarantineShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe(
      'share of broken rows in a batch above which the batch is stopped: all of it is in quarantine until a person releases it, and nothing is retrained',
    ),
})
/** Where data comes from, which columns it has, and what is learned from it. */
export type DataSpec = z.infer<typeof DataSpec>
