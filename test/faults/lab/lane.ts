/** One lane of the laboratory: a Temporal server, a store, a spool and processes of its own, which seed after seed runs through. */
import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DataContext } from '../../../src/data/engine/context.js'
import { createEmbeddedRegistry } from '../../../src/registry/embedded.js'
import type { Registry } from '../../../src/registry/registry.js'
import { createLocalStorage } from '../../../src/storage/local.js'
import { createS3Storage } from '../../../src/storage/s3.js'
import type { Storage } from '../../../src/storage/storage.js'
import { startTestTemporal, type TestTemporal } from '../../support/temporal.js'
import { type FaultProxy, openFaultProxy } from './fault-proxy.js'
import { LaneProcesses } from './lane-processes.js'
import { type Plan, ROLES, type Role } from './points.js'
import { PUSH_TOKEN } from './pushes.js'
import type { S3Server } from './s3-server.js'
import type { Sabotage } from './sabotage.js'

/** What is seen of the stores from outside, past all faults. */
export interface View {
  readonly storage: Storage
  readonly spool: Storage
  readonly registry: Registry
  readonly data: DataContext
}

/** One lane. */
export interface Lane {
  readonly folder: string
  readonly temporal: TestTemporal
  /** A view that remembers nothing of earlier ones. */
  view(): Promise<View>
  /** Sets the faults from now on. */
  plan(plan: Plan): Promise<void>
  /** Ids of the faults that were injected since. */
  fired(): ReadonlySet<number>
  readonly processes: LaneProcesses
  stop(): Promise<void>
}

/** What a lane is started with: `s3` for a store there, none for one on disk. */
export interface LaneOptions {
  readonly s3: S3Server | undefined
  /** Code of the workflows. */
  readonly bundle: string
  readonly sabotage: Sabotage
}

/** Starts a lane. */
export async function startLane(options: LaneOptions): Promise<Lane> {
  const temporal = await startTestTemporal()
  const { folder } = temporal
  const at = (name: string) => join(folder, name)
  const openSpool = () => createLocalStorage(at('spool'))
  const store = options.s3 === undefined ? onDisk(at('store')) : await onS3(folder, options.s3)
  const files = {
    plan: at('plan.json'),
    happened: at('happened.ndjson'),
    storeAway: at('store-away'),
    spoolAway: at('spool-away'),
    journal: at('journal.ndjson'),
  }
  const common = environment(temporal)
  const processes = new LaneProcesses({
    folder,
    env: { worker: { ...common, ...store.env('worker') }, receiver: { ...common, ...store.env('receiver') } },
    orders: { ...files, bundle: options.bundle, sabotage: options.sabotage },
  })
  const stop = async () => {
    await processes.stop()
    await Promise.all(store.proxies.map((proxy) => proxy.stop()))
    await temporal.stop()
  }
  try {
    await Promise.all([store.open(), openSpool(), mkdir(at('scratch'))])
    await processes.start()
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return {
    folder,
    temporal,
    processes,
    async view() {
      const storage = await store.open()
      const scratchFolder = at('view')
      await mkdir(scratchFolder, { recursive: true })
      const data = { storage, scratchFolder, threads: 1 }
      return { storage, spool: await openSpool(), registry: createEmbeddedRegistry(storage), data }
    },
    async plan(plan) {
      processes.beginSeed(plan)
      for (const proxy of store.proxies) proxy.plan(plan)
      // An outage ends with its seed, should it be stuck.
      await Promise.all([files.storeAway, files.spoolAway].map((file) => rm(file, { force: true })))
      const hidden = at(randomUUID())
      await writeFile(hidden, JSON.stringify(plan))
      await rename(hidden, files.plan)
    },
    fired: () =>
      new Set([...processes.happened().map(({ id }) => id), ...store.proxies.flatMap((proxy) => proxy.fired())]),
    stop,
  }
}

interface LaneStore {
  readonly proxies: readonly FaultProxy[]
  env(role: Role): NodeJS.ProcessEnv
  open(): Promise<Storage>
}

function onDisk(root: string): LaneStore {
  return { proxies: [], env: () => ({ REFIT_STORE: `file:${root}` }), open: () => createLocalStorage(root) }
}

async function onS3(folder: string, { endpoint, client, credentials, newBucket }: S3Server): Promise<LaneStore> {
  const bucket = await newBucket()
  const open = (role: Role) => openFaultProxy(endpoint, `${bucket}/lab`, role)
  const proxies = { worker: await open('worker'), receiver: await open('receiver') }
  return {
    proxies: ROLES.map((role) => proxies[role]),
    env: (role) => ({
      REFIT_STORE: `s3://${bucket}/lab`,
      REFIT_CACHE: join(folder, `cache-${role}`),
      AWS_ENDPOINT_URL: proxies[role].endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: 'us-east-1',
    }),
    open: async () => createS3Storage({ bucket, prefix: 'lab', cacheFolder: join(folder, 'view-cache'), client }),
  }
}

/** What a person has set for their own store and server is not for tests. */
function environment({ address, folder }: TestTemporal): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(REFIT|TEMPORAL|AWS)_/.test(name))
  return {
    ...Object.fromEntries(own),
    TEMPORAL_ADDRESS: address,
    REFIT_SPOOL: `file:${join(folder, 'spool')}`,
    REFIT_PUSH_TOKEN: PUSH_TOKEN,
    REFIT_SCRATCH: join(folder, 'scratch'),
    REFIT_THREADS: '1',
    REFIT_MEMORY: '1GB',
  }
}
