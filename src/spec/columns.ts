import { z } from 'zod'

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

/** A limit: a number, or for times a day or a time in ISO 8601. */
const Limit = z.union([
  z.number(),
  z.iso.date(),
  z.iso.datetime({ offset: true, local: true }).meta({ format: 'date-time' }),
])

/** A length of texts, in characters. */
const Length = z.number().int().min(0)

/** A column as it arrives. A row that breaks a rule goes to quarantine with the rule's name. */
export const Column = z.strictObject({
  type: columnType.describe('type of the values; a value that cannot be read as it breaks the row'),
  description: z.string().optional().describe('what the column means, for people'),
  nullable: z.boolean().default(false).describe('whether a missing value is allowed'),
  min: Limit.optional()
    .describe('smallest allowed value; for timestamp and date the earliest. A day alone is its first moment, in UTC')
    .meta({ examples: [0] }),
  max: Limit.optional()
    .describe('largest allowed value; for timestamp and date the latest. A day alone is its first moment, in UTC')
    .meta({ examples: [100] }),
  minLength: Length.optional().describe('fewest characters; string only'),
  maxLength: Length.optional().describe('most characters; string only'),
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
  unique: z
    .boolean()
    .default(false)
    .describe('whether a value may come once in a batch only: of sound rows with the same value the first is kept'),
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

/** A rule about a row as a whole. A row that breaks it goes to quarantine with the reason `rule NAME`. */
export const RowRule = z.strictObject({
  sql: SqlExpression.describe(
    'DuckDB expression over the columns, arriving and derived: true for a sound row; false, NULL or an error breaks the row',
  ).meta({ examples: ['arrived >= departed'] }),
  description: z.string().optional().describe('what the rule demands, for people'),
})
/** A rule about a row as a whole. */
export type RowRule = z.infer<typeof RowRule>
