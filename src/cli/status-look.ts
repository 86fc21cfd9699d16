/** What `refit status` looks at: the store and Temporal, each of which may be away without hiding the other. */
import type { RefitClient } from '../client/client.js'
import { isRefitError, type RefitErrorCode } from '../errors.js'
import { modelNames } from '../ledger/spec-revisions.js'
import { type ModelSummary, readModelSummary, readRunSummaries } from '../stages/summaries.js'
import { type ModelWaiting, readWaiting } from '../stages/waiting.js'
import { openSource } from '../wiring.js'
import type { RunStatus, StewardStatus } from '../workflows/messages.js'
import { openSession, type Session, whichModel, withTemporal } from './session.js'

/** What the store tells of a model. */
export interface Kept {
  readonly summary: ModelSummary
  readonly waiting: ModelWaiting
  readonly runs: number
}

/** What Temporal tells of a model. */
export interface Live {
  readonly steward: StewardStatus | null
  readonly run: RunStatus | null
}

/** One model as far as it is known. */
export interface ModelLook {
  readonly model: string
  readonly kept: Kept | null
  readonly live: Live | null
}

/** All that was found out. */
export interface StatusLook {
  readonly models: readonly ModelLook[]
  /** Why the store does not answer; then the models are those that have a run. */
  readonly storeIsAway: string | null
  /** Why Temporal does not answer. */
  readonly temporalIsAway: string | null
}

/** Looks at a model, or at all. Rejects with `StoreUnavailable` when Temporal has nothing to tell either. */
export async function lookAtModels(named: string | undefined): Promise<StatusLook> {
  const store = await unlessAway('StoreUnavailable', () => readStore(named))
  const names = store.found?.map(({ model }) => model) ?? (named === undefined ? undefined : [named])
  const temporal = await unlessAway('TemporalUnavailable', () =>
    withTemporal(async ({ client }) => readLive(client, names ?? (await namesOfOpenRuns(client)))),
  )
  const open = [...(temporal.found ?? [])].filter(([, { steward }]) => steward !== null)
  if (store.found === undefined) {
    if (open.length === 0) throw store.thrown
    const models = open.map(([model, live]) => ({ model, kept: null, live }))
    return { models, storeIsAway: store.reason, temporalIsAway: null }
  }
  const models = store.found.map((look) => ({ ...look, live: temporal.found?.get(look.model) ?? null }))
  return { models, storeIsAway: null, temporalIsAway: temporal.reason }
}

interface Attempt<T> {
  readonly found?: T
  readonly reason: string | null
  readonly thrown?: unknown
}

async function unlessAway<T>(code: RefitErrorCode, look: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { found: await look(), reason: null }
  } catch (thrown) {
    if (!isRefitError(thrown, code)) throw thrown
    return { reason: thrown.message, thrown }
  }
}

async function readStore(named: string | undefined) {
  const session = await openSession()
  const names = named === undefined ? await modelNames(session.storage) : [await whichModel(session.storage, named)]
  return Promise.all(names.map(async (model) => ({ model, kept: await readKept(session, model) })))
}

async function readKept(session: Session, model: string): Promise<Kept> {
  const { storage, data } = session
  const summary = await readModelSummary(session, model)
  const waiting = await readWaiting({ storage, data, openSource: (revision) => openSource(revision, storage) }, model)
  return { summary, waiting, runs: (await readRunSummaries(session, model)).length }
}

async function readLive(client: RefitClient, models: readonly string[]): Promise<ReadonlyMap<string, Live>> {
  const lives = await Promise.all(
    models.map(async (model) => {
      const steward = (await client.stewardStatus(model)) ?? null
      const workflowId = steward?.running?.workflowId
      const run = workflowId === undefined ? null : ((await client.runStatus(workflowId)) ?? null)
      return [model, { steward, run }] as const
    }),
  )
  return new Map(lives)
}

const namesOfOpenRuns = async (client: RefitClient): Promise<readonly string[]> =>
  [...new Set((await client.openRuns()).map(({ model }) => model))].sort()
