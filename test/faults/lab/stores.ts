/** The stores of a process of the laboratory: as an operator would configure them, sabotaged as ordered, with the faults of the plan. */
import { S3Client } from '@aws-sdk/client-s3'
import type { Config } from '../../../src/config.js'
import { Spool } from '../../../src/spool/spool.js'
import { createLocalStorage } from '../../../src/storage/local.js'
import { createS3Storage } from '../../../src/storage/s3.js'
import type { Storage } from '../../../src/storage/storage.js'
import { CLIENT_TIMEOUT_MS } from './fault-proxy.js'
import { FaultSource } from './faulty-storage.js'
import type { Orders } from './orders.js'
import type { Role } from './points.js'
import { noteWrites } from './power.js'
import { sabotaged } from './sabotage.js'

/** What a process works with. */
export interface LabStores {
  readonly storage: Storage
  readonly spool: Spool
  readonly now: () => Date
}

/** Opens the stores of this process. Afterwards the process notes what it writes to a disk. */
export async function openLabStores(config: Config, orders: Orders, role: Role): Promise<LabStores> {
  const { spool: settings } = config
  if (settings === undefined) throw new TypeError('The laboratory has a spool')
  const roots = [config.store, settings.location].filter(isFolder).map(folderOf)
  noteWrites(roots, orders.journal, { ignoresSync: orders.sabotage === 'noFsync' })
  const faults = new FaultSource(orders, role)
  const storage = sabotaged(await openStore(config), orders.sabotage)
  const spool = sabotaged(await createLocalStorage(folderOf(settings.location)), orders.sabotage)
  return {
    storage: faults.into('store', storage),
    spool: new Spool(faults.into('spool', spool), settings),
    now: faults.now,
  }
}

const isFolder = (location: string): boolean => location.startsWith('file:')
const folderOf = (location: string): string => location.slice('file:'.length)

async function openStore({ store, cacheFolder }: Config): Promise<Storage> {
  if (isFolder(store)) return createLocalStorage(folderOf(store))
  const { hostname: bucket, pathname } = new URL(store)
  const endpoint = process.env.AWS_ENDPOINT_URL
  if (endpoint === undefined) throw new TypeError('The laboratory has an S3 server of its own')
  // As `createS3Client`, but sooner out of patience: a silence of half a minute is too dear to be tried often.
  const client = new S3Client({
    endpoint,
    forcePathStyle: true,
    requestHandler: { connectionTimeout: CLIENT_TIMEOUT_MS, socketTimeout: CLIENT_TIMEOUT_MS },
  })
  return createS3Storage({ bucket, prefix: pathname.slice(1), cacheFolder, client })
}
