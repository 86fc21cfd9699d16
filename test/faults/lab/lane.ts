/** One lane of the laboratory: a Temporal server, a store and workers of its own, which seed after seed runs through. */
import { randomUUID } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DataContext } from '../../../src/data/context.js'
import { createEmbeddedRegistry } from '../../../src/registry/embedded.js'
import type { Registry } from '../../../src/registry/registry.js'
import { createLocalStorage } from '../../../src/storage/local.js'
import { createS3Storage } from '../../../src/storage/s3.js'
import type { Storage } from '../../../src/storage/storage.js'
import type { Ministack } from '../../support/ministack.js'
import { startTestTemporal, type TestTemporal } from '../../support/temporal.js'
import { type FaultProxy, openFaultProxy } from './fault-proxy.js'
import { LaneWorkers } from './lane-workers.js'
import type { Plan } from './points.js'
import type { Sabotage } from './sabotage.js'

/** The S3 server that all lanes share. */
export type S3Server = Extract<Ministack, { kind: 'running' }>

/** What is seen of the store from outside, past all faults. */
export interface View {
  readonly storage: Storage
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
  readonly workers: LaneWorkers
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
  const store = options.s3 === undefined ? onDisk(folder) : await onS3(folder, options.s3)
  const files = {
    plan: join(folder, 'plan.json'),
    happened: join(folder, 'happened.ndjson'),
    journal: join(folder, 'journal.ndjson'),
  }
  const workers = new LaneWorkers({
    folder,
    env: environment(temporal, store.env),
    orders: { ...files, bundle: options.bundle, sabotage: options.sabotage },
  })
  const stop = async () => {
    await workers.stop()
    await store.proxy?.stop()
    await temporal.stop()
  }
  try {
    await store.open()
    await workers.start()
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return {
    folder,
    temporal,
    workers,
    async view() {
      const storage = await store.open()
      const scratchFolder = join(folder, 'view')
      await mkdir(scratchFolder, { recursive: true })
      return { storage, registry: createEmbeddedRegistry(storage), data: { storage, scratchFolder, threads: 1 } }
    },
    async plan(plan) {
      workers.tidy()
      workers.setPlan(plan)
      store.proxy?.plan(plan)
      const hidden = join(folder, randomUUID())
      await writeFile(hidden, JSON.stringify(plan))
      await rename(hidden, files.plan)
    },
    fired: () => new Set([...workers.happened().map(({ id }) => id), ...(store.proxy?.fired() ?? [])]),
    stop,
  }
}

interface LaneStore {
  readonly env: NodeJS.ProcessEnv
  readonly proxy?: FaultProxy
  open(): Promise<Storage>
}

function onDisk(folder: string): LaneStore {
  const root = join(folder, 'store')
  return { env: { REFIT_STORE: `file:${root}` }, open: () => createLocalStorage(root) }
}

async function onS3(folder: string, s3: S3Server): Promise<LaneStore> {
  const bucket = await s3.newBucket()
  const proxy = await openFaultProxy(s3.endpoint, `${bucket}/lab`)
  return {
    proxy,
    env: {
      REFIT_STORE: `s3://${bucket}/lab`,
      REFIT_CACHE: join(folder, 'cache'),
      AWS_ENDPOINT_URL: proxy.endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
    },
    open: async () =>
      createS3Storage({ bucket, prefix: 'lab', cacheFolder: join(folder, 'view-cache'), client: s3.client }),
  }
}

/** What a person has set for their own store and server is not for tests. */
function environment({ address, folder }: TestTemporal, store: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(REFIT|TEMPORAL|AWS)_/.test(name))
  return {
    ...Object.fromEntries(own),
    TEMPORAL_ADDRESS: address,
    REFIT_SCRATCH: join(folder, 'scratch'),
    REFIT_THREADS: '1',
    REFIT_MEMORY: '1GB',
    ...store,
  }
}
