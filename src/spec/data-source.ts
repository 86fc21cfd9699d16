import { z } from 'zod'

/** The name of an environment variable of the worker; its value is never stored. */
const EnvironmentVariable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable: letters, digits and _')

const Files = z.strictObject({
  kind: z.literal('files').describe('files that match a glob: CSV, Parquet, JSON lines, also gzipped'),
  glob: z
    .string()
    .min(1)
    .describe('glob, relative to the folder of the spec or absolute')
    .meta({ examples: ['landing/*.csv'] }),
})

const S3 = z.strictObject({
  kind: z.literal('s3').describe("objects of a bucket, of the same formats; with the worker's AWS credentials"),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket: 3 to 63 lower-case letters, digits, . or -')
    .describe('name of the bucket')
    .meta({ examples: ['flights-landing'] }),
  prefix: z
    .string()
    .default('')
    .describe('what the keys begin with; a folder ends in /')
    .meta({ examples: ['landing/'] }),
  glob: z
    .string()
    .min(1)
    .default('**')
    .describe('glob over what follows the prefix in a key')
    .meta({ examples: ['**/*.parquet'] }),
  region: z.string().min(1).optional().describe("region of the bucket; the worker's own when left out"),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('address of another server that speaks S3; it gets requests signed with the credentials of the worker'),
})

const Postgres = z
  .strictObject({
    kind: z.literal('postgres').describe('rows of a PostgreSQL table or query, in the order of a key'),
    connectionEnv: EnvironmentVariable.describe(
      'environment variable that holds the address, such as postgres://user:password@host:5432/database',
    ).meta({ examples: ['ORDERS_DATABASE'] }),
    table: z
      .string()
      .regex(/^[^."\0]+(\.[^."\0]+)?$/, 'the name of a table, or schema.table, without quotes')
      .optional()
      .describe('table or view that is read, in upper and lower case as PostgreSQL lists it; this or `query`')
      .meta({ examples: ['sales.orders'] }),
    query: z
      .string()
      .min(1)
      .optional()
      .describe('SELECT whose rows are read, in the SQL of PostgreSQL; this or `table`')
      .meta({ examples: ['SELECT o.*, c.country FROM orders o JOIN customers c USING (customer)'] }),
    key: z
      .string()
      .min(1)
      .describe('column that grows with every row: smallint, integer, bigint, timestamptz or xid8; see docs/sources.md')
      .meta({ examples: ['id'] }),
    safetyLagSeconds: z
      .number()
      .min(0)
      .max(86_400)
      .default(60)
      .describe(
        'how long a row waits before a timestamptz key is read, and a batch for transactions that are still open',
      ),
    batchRows: z
      .number()
      .int()
      .min(1)
      .default(200_000)
      .describe('rows of a batch; more only where several have one key'),
    statementTimeoutSeconds: z.number().min(1).max(86_400).default(300).describe('longest time of one statement'),
  })
  .refine(({ table, query }) => (table === undefined) !== (query === undefined), {
    message: 'either table or query',
    path: ['table'],
  })

const Push = z.strictObject({
  kind: z
    .literal('push')
    .describe('rows that producers send to POST /ingest/MODEL of the receiver: CSV, JSON lines, Parquet'),
})

const KeyPath = z.string().min(1)

const Paging = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('cursor').describe('each page names a cursor for the next one, the last page none'),
    parameter: z
      .string()
      .min(1)
      .describe('parameter of the query that sends the cursor')
      .meta({ examples: ['cursor'] }),
    field: KeyPath.describe(
      'where the cursor is: keys of the page, joined by dots; for NDJSON the name of a header',
    ).meta({ examples: ['meta.next_cursor'] }),
  }),
  z.strictObject({
    kind: z.literal('link').describe('each page names the address of the next one, the last page none'),
    field: KeyPath.optional()
      .describe('where the address is: keys of a JSON page, joined by dots; left out, the Link header with rel="next"')
      .meta({ examples: ['next'] }),
  }),
  z.strictObject({
    kind: z.literal('lastValue').describe('what comes after a value is asked for; the surest way, where it can be had'),
    parameter: z
      .string()
      .min(1)
      .describe('parameter of the query that sends the value of the last record; what comes after it is answered')
      .meta({ examples: ['after'] }),
    field: KeyPath.describe(
      'where a record has the value: keys joined by dots; it grows from record to record, no two have the same',
    ).meta({ examples: ['id'] }),
  }),
])

const Http = z.strictObject({
  kind: z
    .literal('http')
    .describe('pages of an HTTP API that gives the oldest records first, and adds new ones at the end'),
  url: z
    .url({ protocol: /^https?$/ })
    .describe('address of the first page, with the size of pages; another address, fragment included, is read anew')
    .meta({ examples: ['https://api.example.com/orders?limit=1000'] }),
  format: z
    .enum(['json', 'ndjson'])
    .default('json')
    .describe('`json`: a page is one JSON text; `ndjson`: one record a line'),
  records: KeyPath.optional()
    .describe('where the records of a JSON page are: keys joined by dots; left out, the page is the array')
    .meta({ examples: ['data.items'] }),
  paging: Paging.describe('how one page leads to the next'),
  headers: z
    .record(z.string(), z.string().regex(/^[\x20-\x7e]*$/, 'printable ASCII'))
    .refine(
      (headers) => Object.keys(headers).every((name) => /^(?!(authorization|cookie)$)[a-z0-9-]+$/i.test(name)),
      'names of headers that hold no secret; tokenEnv is for that',
    )
    .default({})
    .describe('headers of each request')
    .meta({ examples: [{ 'X-Tenant': 'sales' }] }),
  tokenEnv: EnvironmentVariable.optional()
    .describe('environment variable that holds a bearer token')
    .meta({ examples: ['ORDERS_TOKEN'] }),
  batchRows: z
    .number()
    .int()
    .positive()
    .default(50_000)
    .describe('rows after which a batch ends, with the page that they are in'),
  timeoutSeconds: z.number().positive().max(3600).default(60).describe('longest time for one page'),
})

/** Where rows come from. */
export const DataSource = z.discriminatedUnion('kind', [Files, S3, Http, Postgres, Push])
/** Where rows come from. */
export type DataSource = z.infer<typeof DataSource>
