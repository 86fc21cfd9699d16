import { z } from 'zod'
import { DataSource } from './data-source.js'

/** A name that is safe as a SQL identifier, a file name and a YAML key. */
export const Name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,62}$/, 'a letter, then letters, digits or _, at most 63 characters')

/** A SQL expression of DuckDB over the columns of the spec: one expression, no statement. */
export const SqlExpression = z.string().min(1)

/** The column types a spec knows, and their DuckDB types. */
export const COLUMN_TYPES = {
  integer: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  string: 'VARCHAR',
  timestamp: 'TIMESTAMP',
  date: 'DATE',
} as const

const columnType = z.enum(['integer', 'number', 'boolean', 'string', 'timestamp', 'date'])

/** A column as it arrives. A row that breaks a rule goes to quarantine with the rule's name. */
export const Column = z.strictObject({
  type: columnType.describe('type of the values; a value that cannot be read as it breaks the row'),
  description: z.string().optional().describe('what the column means, for people'),
  nullable: z.boolean().default(false).describe('whether a missing value is allowed'),
  min: z
    .number()
    .optional()
    .describe('smallest allowed value; integer and number only')
    .meta({ examples: [0] }),
  max: z
    .number()
    .optional()
    .describe('largest allowed value; integer and number only')
    .meta({ examples: [100] }),
  values: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('the allowed values, where they are a closed set')
    .meta({ examples: [['bronze', 'silver', 'gold']] }),
  pattern: z
    .string()
    .optional()
    .describe('regular expression (RE2) that the whole value matches')
    .meta({ examples: ['[A-Z]{3}'] }),
})
/** A column as it arrives. */
export type Column = z.infer<typeof Column>

/** A column computed by one SQL expression, run by ingestion, training and serving alike, so that they cannot differ. */
export const DerivedColumn = z.strictObject({
  type: columnType.describe('type of the values'),
  description: z.string().optional().describe('what the column means, for people'),
  sql: SqlExpression.describe('DuckDB expression over the columns that arrive').meta({ examples: ['hour(date)'] }),
})
/** A derived column. */
export type DerivedColumn = z.infer<typeof DerivedColumn>

/** Where data comes from, which columns it has, and what is learned from it. */
export const DataSpec = z.strictObject({
  source: DataSource.describe('where rows come from'),
  columns: z.record(Name, Column).describe('the columns that arrive; others are ignored'),
  derived: z.record(Name, DerivedColumn).default({}).describe('columns computed from those that arrive'),
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
      sql: SqlExpression.describe('DuckDB expression that is true for the positive class; NULL while unknown').meta({
        examples: ['delay > 15'],
      }),
      delayDays: z.number().min(0).default(0).describe('days after the event until the label is known'),
    })
    .describe('what is to be predicted'),
  maxQuarantineShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('share of broken rows in a batch above which the data count as bad and nothing is retrained'),
})
/** Where data comes from, which columns it has, and what is learned from it. */
export type DataSpec = z.infer<typeof DataSpec>
