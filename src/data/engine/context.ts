/** The one door to DuckDB: every instance is in memory, sees only the files it was given, and cannot be reconfigured. */
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { Storage } from '../../storage/storage.js'
import { asRefitError, cancelled } from './duckdb-error.js'
import { sqlList, sqlText } from './sql.js'

/** What one DuckDB instance works with: a folder for passing files, and limits. */
export interface EngineContext {
  /** Folder for files that live as long as one call. Created when absent. */
  readonly scratchFolder: string
  /** Memory of one instance as DuckDB writes it; beyond it, work spills to the scratch folder. Default `1GB`. */
  readonly memoryLimit?: string
  /** Threads of one instance. Default 2, as a worker runs several activities at a time. */
  readonly threads?: number
}

/** What the data room works with. */
export interface DataContext extends EngineContext {
  readonly storage: Storage
}

/** An open instance. Close it, or its scratch folder stays. */
export interface DuckDb {
  readonly connection: DuckDBConnection
  /** Opens another connection to the same tables, for what goes on beside a query. The caller closes it. */
  connect(): Promise<DuckDBConnection>
  /** The instance's own scratch folder: the only place where it may write. */
  readonly folder: string
  close(): Promise<void>
}

/** What an instance may see, and what stops it. */
export interface DuckDbOptions {
  /** Local files and folders that the instance may read, besides its own scratch folder. */
  readonly readable: readonly string[]
  /** Interrupts the running query. */
  readonly signal?: AbortSignal | undefined
}

/** Opens an in-memory instance that reaches the named files, its own scratch folder, and nothing else. */
export async function openDuckDb(context: EngineContext, { readable, signal }: DuckDbOptions): Promise<DuckDb> {
  if (signal?.aborted === true) throw cancelled()
  await mkdir(context.scratchFolder, { recursive: true })
  const folder = await mkdtemp(join(resolve(context.scratchFolder), 'duckdb-'))
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(context.threads ?? 2),
    memory_limit: context.memoryLimit ?? '1GB',
    temp_directory: join(folder, 'spill'),
  })
  const connection = await instance.connect()
  await lockDown(connection, await sortReadable([folder, ...readable]))
  const interrupt = () => connection.interrupt()
  signal?.addEventListener('abort', interrupt)
  return {
    connection,
    connect: () => instance.connect(),
    folder,
    async close() {
      signal?.removeEventListener('abort', interrupt)
      connection.closeSync()
      instance.closeSync()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Runs work on an instance of its own and closes it, whatever happens. Aborted work rejects with `Cancelled`. */
export async function withDuckDb<T>(
  context: EngineContext,
  options: DuckDbOptions,
  work: (duckDb: DuckDb) => Promise<T>,
): Promise<T> {
  const duckDb = await openDuckDb(context, options)
  try {
    return await work(duckDb)
  } catch (thrown) {
    throw options.signal?.aborted === true ? cancelled(thrown) : asRefitError(thrown)
  } finally {
    await duckDb.close()
  }
}

/** As {@link withDuckDb}, for work that gives its results one by one; the instance is closed when the consumer stops. */
export async function* withReader<T>(
  context: EngineContext,
  options: DuckDbOptions,
  work: (duckDb: DuckDb) => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const duckDb = await openDuckDb(context, options)
  try {
    yield* work(duckDb)
  } catch (thrown) {
    throw options.signal?.aborted === true ? cancelled(thrown) : asRefitError(thrown)
  } finally {
    await duckDb.close()
  }
}

/** What an instance may reach. */
interface Reach {
  readonly folders: readonly string[]
  readonly files: readonly string[]
}

/**
 * Closes the instance to everything but `reach`. The order matters: paths are allowed first, as DuckDB refuses to
 * change them without external access; the lock comes last. Nothing undoes it but a new instance.
 */
export async function lockDown(connection: DuckDBConnection, { folders, files }: Reach): Promise<void> {
  // Naive times are UTC on every host: casts between times with and without zone depend on this setting.
  await connection.run("SET TimeZone = 'UTC'")
  await connection.run('SET autoinstall_known_extensions = false')
  await connection.run('SET autoload_known_extensions = false')
  await connection.run(`SET allowed_directories = ${sqlList(folders.map(sqlText))}`)
  await connection.run(`SET allowed_paths = ${sqlList(files.map(sqlText))}`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
}

async function sortReadable(paths: readonly string[]): Promise<Reach> {
  const kinds = await Promise.all(
    paths.map(async (path) => ({ path: resolve(path), isFolder: (await stat(path)).isDirectory() })),
  )
  return {
    folders: kinds.filter(({ isFolder }) => isFolder).map(({ path }) => path),
    files: kinds.filter(({ isFolder }) => !isFolder).map(({ path }) => path),
  }
}
