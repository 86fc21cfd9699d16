/** The operator's configuration: environment variables, parsed once. */
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { RefitError } from './errors.js'

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )

/** Every variable that Refit reads, besides those of Temporal (`TEMPORAL_…`) and of the AWS SDK (`AWS_…`). */
export const Environment = z.strictObject({
  REFIT_STORE: z
    .string()
    .regex(/^(file:|s3:\/\/)./, 'expected file:FOLDER or s3://BUCKET/PREFIX')
    .default('file:.refit/store')
    .describe('where everything durable is kept: file:FOLDER or s3://BUCKET/PREFIX'),
  REFIT_CACHE: z
    .string()
    .default(join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'refit'))
    .describe('folder for what can be fetched or built again'),
  REFIT_SCRATCH: z.string().default(join(tmpdir(), 'refit')).describe('folder for the files of work in progress'),
  REFIT_PREDICTIONS: z.string().default('.refit/predictions').describe('folder of the log of served predictions'),
  REFIT_ACTOR: z.string().min(1).optional().describe('who asks, for the record; the account unless given'),
  REFIT_MEMORY: z
    .string()
    .regex(/^\d+(MB|GB)$/, 'expected a size such as 2GB')
    .default('4GB')
    .describe('most memory of one query over rows'),
  REFIT_THREADS: z.coerce.number().int().positive().optional().describe('most threads of one query over rows'),
  REFIT_CONCURRENCY: z.coerce.number().int().positive().default(4).describe('activities that a worker does at a time'),
  REFIT_HOST: z.string().default('127.0.0.1').describe('address that the receiver and the pages listen on'),
  REFIT_PORT: z.coerce.number().int().min(0).max(65_535).default(8700).describe('port of the receiver and the pages'),
  REFIT_ALERT_TOKEN: z.string().min(8).optional().describe('bearer token that Alertmanager must send'),
  REFIT_HMAC_SECRET: z.string().min(8).optional().describe('secret that signs generic alerts'),
  REFIT_PUSH_TOKEN: z.string().min(8).optional().describe('bearer token of producers that push rows'),
  REFIT_PUSH_MAX_MB: z.coerce.number().int().positive().default(256).describe('largest push, unpacked, in MB'),
  REFIT_SPOOL: z
    .string()
    .regex(/^(file:|s3:\/\/)./, 'expected file:FOLDER or s3://BUCKET/PREFIX')
    .optional()
    .describe('where pushes are kept while the store fails: file:FOLDER or s3://BUCKET/PREFIX'),
  REFIT_SPOOL_MAX_MB: z.coerce.number().int().positive().default(10_240).describe('most that waits there, in MB'),
  REFIT_SPOOL_MAX_HOURS: z.coerce
    .number()
    .positive()
    .default(72)
    .describe('hours that a push may wait there before a warning; nothing is removed for its age'),
  REFIT_ALLOW_COMMANDS: list.describe('programs that specs may name as trainers and predictors, by comma; * for any'),
  REFIT_ALLOW_URLS: list.describe(
    'beginnings of addresses that specs may name, each up to the end of a part such as `https://host/v1`, by comma; * for any',
  ),
  REFIT_ALLOW_FOLDERS: list.describe("folders that specs may read from, besides the spec's own, by comma; * for any"),
  REFIT_LOG: z.enum(['debug', 'info', 'warn', 'error']).default('warn').describe('least level of log lines'),
  REFIT_TEMPORAL_UI: z.url().optional().describe('address of the Temporal UI, for links'),
})

const MB = 1024 * 1024

/** The operator's configuration. */
export interface Config {
  readonly store: string
  readonly cacheFolder: string
  readonly scratchFolder: string
  readonly predictionFolder: string
  readonly memory: string
  readonly threads: number | undefined
  readonly concurrency: number
  readonly host: string
  readonly port: number
  readonly alertToken: string | undefined
  readonly hmacSecret: string | undefined
  readonly push: { readonly token: string | undefined; readonly maxBytes: number }
  /** The second store for pushes; undefined when the operator names none. */
  readonly spool: { readonly location: string; readonly maxBytes: number; readonly maxHours: number } | undefined
  readonly allow: {
    readonly commands: readonly string[]
    readonly urls: readonly string[]
    readonly folders: readonly string[]
  }
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly temporalUi: string | undefined
}

/** Parses the environment. Rejects with every problem at once; an unknown `REFIT_…` variable is one. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const ours = Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith('REFIT_')))
  const parsed = Environment.safeParse(ours)
  if (!parsed.success) {
    throw new RefitError('InvalidInput', `Cannot read the configuration:\n${z.prettifyError(parsed.error)}`)
  }
  const env = parsed.data
  return {
    store: env.REFIT_STORE,
    cacheFolder: env.REFIT_CACHE,
    scratchFolder: env.REFIT_SCRATCH,
    predictionFolder: env.REFIT_PREDICTIONS,
    memory: env.REFIT_MEMORY,
    threads: env.REFIT_THREADS,
    concurrency: env.REFIT_CONCURRENCY,
    host: env.REFIT_HOST,
    port: env.REFIT_PORT,
    alertToken: env.REFIT_ALERT_TOKEN,
    hmacSecret: env.REFIT_HMAC_SECRET,
    push: { token: env.REFIT_PUSH_TOKEN, maxBytes: env.REFIT_PUSH_MAX_MB * MB },
    spool: spoolOf(env),
    allow: {
      commands: env.REFIT_ALLOW_COMMANDS,
      urls: env.REFIT_ALLOW_URLS,
      folders: env.REFIT_ALLOW_FOLDERS,
    },
    logLevel: env.REFIT_LOG,
    temporalUi: env.REFIT_TEMPORAL_UI,
  }
}

function spoolOf(env: z.infer<typeof Environment>): Config['spool'] {
  const { REFIT_SPOOL: location, REFIT_SPOOL_MAX_MB, REFIT_SPOOL_MAX_HOURS: maxHours } = env
  return location === undefined ? undefined : { location, maxBytes: REFIT_SPOOL_MAX_MB * MB, maxHours }
}
