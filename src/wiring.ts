/** Wires ports to adapters as the operator's configuration says: the one place that knows them all. */
import { mkdir } from 'node:fs/promises'
import type { Config } from './config.js'
import type { DataContext } from './data/engine/context.js'
import { readBatches } from './data/selection/read.js'
import { isRefitError, unreachable } from './errors.js'
import { checkCommand, checkPermissions, checkUrl } from './permissions.js'
import { openPredictor } from './predictor/open.js'
import type { FeatureColumn } from './predictor/package.js'
import { createEmbeddedRegistry } from './registry/embedded.js'
import { createFilesSource } from './source/files.js'
import { createHttpSource } from './source/http.js'
import { createPostgresSource, postgresAddress } from './source/postgres.js'
import { createPushSource } from './source/push.js'
import { createS3Source } from './source/s3.js'
import type { Source } from './source/source.js'
import type { DataSource } from './spec/data-source.js'
import type { SpecRevision } from './spec/spec.js'
import { drain } from './spool/drain.js'
import { Spool } from './spool/spool.js'
import type { Ports } from './stages/ports.js'
import { createEventualStorage } from './storage/eventual.js'
import { openStorage } from './storage/open.js'
import { sharedS3Client } from './storage/s3-client.js'
import type { Storage } from './storage/storage.js'
import { createCommandTrainer } from './trainer/command.js'
import { createEmbeddedTrainer } from './trainer/embedded/embedded.js'
import type { Trainer } from './trainer/trainer.js'
import { renderReport } from './web/report/render-report.js'

/** What is asked of the store when it is opened. */
export interface StoreDemand {
  /** Refuses an empty folder, which may be a volume that is not mounted. */
  readonly mustExist?: boolean
  /** Lets a store that does not answer be opened later, by the first operation that finds it. */
  readonly mayBeAway?: boolean
}

/** Opens every port. A worker asks for a store that exists, a receiver with a spool starts without it. */
export async function openPorts(config: Config, demand: StoreDemand = {}): Promise<Ports> {
  await mkdir(config.scratchFolder, { recursive: true })
  const storage = await openStore(config, demand)
  const spool = openSpool(config, { mustExist: true })
  const data = dataContext(config, storage)
  return {
    storage,
    registry: createEmbeddedRegistry(storage),
    data,
    openSource(revision) {
      checkPermissions(revision, config.allow)
      return openSource(revision, storage, (address) => checkUrl(address, config.allow.urls))
    },
    drainSpool: async (model, signal) =>
      spool === undefined ? { pushes: 0 } : drain({ store: storage, spool }, model, signal),
    openTrainer: (revision) => openTrainer(revision, config, data),
    async openPredictor(pack, folder) {
      const { predictor } = pack
      if (predictor.kind === 'command') checkCommand(predictor.command, config.allow.commands)
      if (predictor.kind === 'http') checkUrl(predictor.url, config.allow.urls)
      return openPredictor(pack, folder, process.env)
    },
    renderReport,
    now: () => new Date(),
  }
}

/** What the data room works with, within the operator's limits. */
export function dataContext({ scratchFolder, memory: memoryLimit, threads }: Config, storage: Storage): DataContext {
  return { storage, scratchFolder, memoryLimit, ...(threads === undefined ? {} : { threads }) }
}

async function openStore(
  { store, cacheFolder }: Config,
  { mustExist = false, mayBeAway }: StoreDemand,
): Promise<Storage> {
  const open = () => openStorage(store, { cacheFolder, mustExist })
  try {
    return await open()
  } catch (thrown) {
    const isAway = isRefitError(thrown, 'StoreUnavailable') && !thrown.permanent
    if (mayBeAway !== true || !isAway) throw thrown
    return createEventualStorage(store, open)
  }
}

/**
 * The rescue spool that the operator names, if any. It is opened when it is used: it may be away while the store is not.
 * The receiver makes it; whoever else asks wants one that exists.
 */
export function openSpool({ spool, cacheFolder }: Config, demand: { readonly mustExist: boolean }): Spool | undefined {
  if (spool === undefined) return undefined
  const { location, maxBytes, maxHours } = spool
  const storage = createEventualStorage(location, () => openStorage(location, { cacheFolder, ...demand }))
  return new Spool(storage, { maxBytes, maxHours })
}

/** The source of a spec, whatever the operator allows: for a person who tries a spec. What was pushed is in the store only. */
export function openSource(
  { spec, folder }: SpecRevision,
  storage?: Storage,
  checkAddress: (address: string) => void = () => {},
): Source {
  const { source } = spec.data
  switch (source.kind) {
    case 'files':
      return createFilesSource({ glob: source.glob, folder })
    case 'http':
      return createHttpSource({ ...source, env: process.env, checkAddress })
    case 's3': {
      const { bucket, prefix, glob } = source
      return createS3Source({ bucket, prefix, glob, client: sharedS3Client(source) })
    }
    case 'postgres':
      return openPostgres(source, Object.keys(spec.data.columns), checkAddress)
    case 'push':
      return storage === undefined ? NOTHING : createPushSource(storage, spec.model)
    default:
      return unreachable(source)
  }
}

function openPostgres(
  source: Extract<DataSource, { readonly kind: 'postgres' }>,
  columns: readonly string[],
  checkAddress: (address: string) => void,
): Source {
  const { table, query = '', ...options } = source
  const { connectionString, shown } = postgresAddress(source.connectionEnv, process.env)
  checkAddress(shown)
  const from = table === undefined ? { query } : { table }
  return createPostgresSource({ ...options, connectionString, from, columns })
}

const NOTHING: Source = {
  find: async () => ({ batches: [], isLast: true }),
  fetch: async () => undefined,
}

function openTrainer(revision: SpecRevision, config: Config, data: DataContext): Trainer {
  checkPermissions(revision, config.allow)
  const { trainer } = revision.spec
  switch (trainer.kind) {
    case 'embedded':
      return createEmbeddedTrainer({ readColumns: columnReader(data) }, trainer.parameters)
    case 'command': {
      const { command, can, environment } = trainer
      return createCommandTrainer({ command, can, folder: revision.folder, environment, env: process.env })
    }
    default:
      return unreachable(trainer)
  }
}

const columnReader =
  (data: DataContext) =>
  (file: string, features: readonly FeatureColumn[], extra: readonly string[], signal: AbortSignal) =>
    readBatches(data, {
      files: [file],
      features,
      expressions: Object.fromEntries(extra.map((name) => [name, name])),
      signal,
    })
