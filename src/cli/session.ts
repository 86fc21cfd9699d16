/** What verbs work with: the store, the registry, and Temporal where it is needed. */
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { z } from 'zod'
import { connectRefit, type RefitConnection } from '../client/connect.js'
import { type Config, readConfig } from '../config.js'
import type { DataContext } from '../data/engine/context.js'
import { RefitError } from '../errors.js'
import { modelNames } from '../ledger/spec-revisions.js'
import { createEmbeddedRegistry } from '../registry/embedded.js'
import type { Registry } from '../registry/registry.js'
import { openStorage } from '../storage/open.js'
import type { Storage } from '../storage/storage.js'
import { dataContext } from '../wiring.js'
import { stackFile } from './stack/stack-file.js'

/** An opened store with what lies on it. */
export interface Session {
  readonly config: Config
  readonly storage: Storage
  readonly registry: Registry
  readonly data: DataContext
}

/**
 * Opens the store that the environment names. Only a verb that may begin a store makes one: where there is none, the volume
 * of the real one may not be mounted.
 */
export async function openSession({ mustExist = true } = {}): Promise<Session> {
  const config = readConfig(process.env)
  const storage = await openStorage(config.store, { cacheFolder: config.cacheFolder, mustExist })
  return {
    config,
    storage,
    registry: createEmbeddedRegistry(storage),
    data: dataContext(config, storage),
  }
}

/** Without `TEMPORAL_ADDRESS`, verbs speak to the stack that `refit dev` runs in this folder. */
async function findStack(): Promise<void> {
  if (process.env.TEMPORAL_ADDRESS !== undefined) return
  const text = await readFile(stackFile(process.cwd()), 'utf8').catch(() => undefined)
  if (text === undefined) return
  const { temporalAddress } = z.object({ temporalAddress: z.string() }).parse(JSON.parse(text))
  process.env.TEMPORAL_ADDRESS = temporalAddress
}

/** Connects to Temporal, does something, and closes the connection however it ends. */
export async function withTemporal<T>(use: (connection: RefitConnection) => Promise<T>): Promise<T> {
  await findStack()
  const connection = await connectRefit()
  try {
    return await use(connection)
  } finally {
    await connection.close()
  }
}

/** The model that is meant: the one named, or the only one there is. */
export async function whichModel(storage: Storage, named: string | undefined): Promise<string> {
  const names = await modelNames(storage)
  if (named !== undefined) {
    if (names.includes(named)) return named
    throw new RefitError('NotFound', `Cannot find model "${named}" in ${storage.location}: ${known(names)}.`)
  }
  const [only, ...others] = names
  if (only !== undefined && others.length === 0) return only
  throw new RefitError('InvalidInput', `Which model? ${known(names)}. Name one: \`refit … MODEL\`.`)
}

const known = (names: readonly string[]) =>
  names.length === 0
    ? 'no spec was applied yet, see `refit apply`'
    : `known are ${names.map((n) => `"${n}"`).join(', ')}`

/** Who asks, for the record: the account that runs the command. */
export const whoAsks = (): string => process.env.REFIT_ACTOR ?? userInfo().username

/** A number of a run or a version from an argument. */
export function wholeNumber(text: string | undefined, what: string): number {
  const value = Number(text)
  if (text !== undefined && Number.isInteger(value) && value >= 0) return value
  throw new RefitError('InvalidInput', `Expected the number of a ${what}, got "${text ?? ''}".`)
}
