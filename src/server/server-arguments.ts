import { LOOPBACK } from './ports.js'

/** What the command line of a server says. */
export interface ServerSettings {
  readonly databaseFile?: string
  readonly namespace?: string
  readonly port: number
  readonly uiPort: number | 'none'
  readonly searchAttributes: readonly string[]
  /** Limits of the server besides its own, by the names of its dynamic configuration. */
  readonly limits?: Readonly<Record<string, number>>
}

/**
 * The server has one history shard, whose queue is polled 20 times a second by default: 45 ms before each task, ten
 * times what the work takes. Production servers hide that behind many shards.
 */
const UNTHROTTLED = 'history.transferProcessorMaxPollRPS=2000'

/**
 * Write-ahead log: 200 concurrent workflows took 57 s with the default journal and 7 s with it. `FULL` keeps what was
 * acknowledged also when the machine loses power.
 */
const DURABLE = ['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=FULL'] as const

/** The arguments that start a development server of the Temporal command line. */
export function serverArguments(settings: ServerSettings): readonly string[] {
  const { databaseFile, namespace, port, uiPort, searchAttributes, limits = {} } = settings
  return [
    ...['server', 'start-dev', '--ip', LOOPBACK, '--port', String(port)],
    ...(uiPort === 'none' ? ['--headless'] : ['--ui-port', String(uiPort)]),
    // `default` exists always, and naming it again would create it twice.
    ...(namespace === undefined || namespace === 'default' ? [] : ['--namespace', namespace]),
    ...(databaseFile === undefined ? [] : ['--db-filename', databaseFile, ...DURABLE]),
    ...['--dynamic-config-value', UNTHROTTLED],
    ...Object.entries(limits).flatMap(([name, limit]) => ['--dynamic-config-value', `${name}=${limit}`]),
    ...searchAttributes.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ]
}
