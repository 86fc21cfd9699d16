/** What the status pages and their JSON show: read from the store and, where it answers, from Temporal. */
import { isRefitError } from '../errors.js'
import type { AliasMove, AliasPosition, Version } from '../registry/registry.js'
import type { SpoolReport } from '../spool/report.js'
import type { ModelSummary, RunSummary } from '../stages/summaries.js'
import type { ModelWaiting } from '../stages/waiting.js'
import type { RunStatus, StewardStatus } from '../workflows/messages.js'
import type { WebDependencies } from './dependencies.js'

/** Models on one page: each costs up to two queries of Temporal. */
const MODELS_PER_PAGE = 50

/** What Temporal says about a model now. `unknown`: it could not be asked, which is not the same as idle. */
export type LiveStatus =
  | { readonly kind: 'known'; readonly steward: StewardStatus; readonly run: RunStatus | null }
  | { readonly kind: 'idle' }
  | { readonly kind: 'unknown'; readonly why: string }

/** What the rescue spool holds; why that cannot be told; or null where there is no spool. */
export type SpoolStatus = SpoolReport | { readonly error: string } | null

/** One model with its live status. */
export interface ModelOverview extends ModelSummary {
  readonly live: LiveStatus
  readonly waiting: ModelWaiting
}

/** One page of models. */
export interface Overview {
  readonly models: readonly ModelOverview[]
  readonly spool: SpoolStatus
  /** Models that match the search, on all pages. */
  readonly total: number
  readonly search: string
  /** From 1. */
  readonly page: number
  readonly pages: number
}

/** Everything about one model. */
export interface ModelDetail extends ModelOverview {
  /** Newest first. */
  readonly versions: readonly Version[]
  readonly aliases: {
    readonly champion: AliasPosition | null
    readonly challenger: AliasPosition | null
    readonly anchor: AliasPosition | null
  }
  /** Moves of the alias `champion`, newest first. */
  readonly history: readonly AliasMove[]
  /** Newest first. */
  readonly runs: readonly RunSummary[]
  /** What of it waits in the rescue spool. */
  readonly spooled: SpoolReport['total'] | null
}

/** What can be told while the store is away. */
export interface OutageOverview {
  /** Why the store does not answer. */
  readonly reason: string
  readonly spool: SpoolStatus
  /** What runs do meanwhile; null where Temporal does not answer either. */
  readonly runs: readonly RunStatus[] | null
}

/** Reads one page of the models whose name, owner or description contains the search text. */
export async function readOverview(
  dependencies: WebDependencies,
  { search, page }: { readonly search: string; readonly page: number },
): Promise<Overview> {
  const wanted = search.toLowerCase()
  const matches = (await dependencies.models()).filter(({ model, owner, description }) =>
    [model, owner ?? '', description].some((text) => text.toLowerCase().includes(wanted)),
  )
  const pages = Math.max(1, Math.ceil(matches.length / MODELS_PER_PAGE))
  const current = Math.min(page, pages)
  const shown = matches.slice((current - 1) * MODELS_PER_PAGE, current * MODELS_PER_PAGE)
  const models = await Promise.all(
    shown.map(async (model) => {
      const [live, waiting] = await Promise.all([
        readLive(dependencies, model.model),
        dependencies.waiting(model.model),
      ])
      return { ...model, live, waiting }
    }),
  )
  return { models, spool: await readSpool(dependencies), total: matches.length, search, page: current, pages }
}

/** Reads everything about one model, or `undefined` when there is none of that name. */
export async function readModel(dependencies: WebDependencies, name: string): Promise<ModelDetail | undefined> {
  const summary = await dependencies.model(name)
  if (summary === undefined) return undefined
  const { registry } = dependencies
  const [live, waiting, spool, versions, champion, challenger, anchor, history, runs] = await Promise.all([
    readLive(dependencies, name),
    dependencies.waiting(name),
    readSpool(dependencies),
    registry.versions(name),
    registry.alias(name, 'champion'),
    registry.alias(name, 'challenger'),
    registry.alias(name, 'anchor'),
    registry.history(name, 'champion'),
    dependencies.runs(name),
  ])
  const aliases = { champion: champion ?? null, challenger: challenger ?? null, anchor: anchor ?? null }
  const spooled = spool !== null && 'models' in spool ? (spool.models[name] ?? null) : null
  const newestFirst = { versions: [...versions].reverse(), history: [...history].reverse() }
  return { ...summary, live, waiting, spooled, ...newestFirst, aliases, runs }
}

/** Reads what can be told while the store is away: the page is most needed then. */
export async function readOutage(dependencies: WebDependencies, reason: string): Promise<OutageOverview> {
  return { reason, spool: await readSpool(dependencies), runs: await readOpenRuns(dependencies) }
}

async function readOpenRuns({ client }: WebDependencies): Promise<readonly RunStatus[] | null> {
  try {
    const open = await client.openRuns()
    const statuses = await Promise.all(open.map(({ workflowId }) => client.runStatus(workflowId)))
    return statuses.filter((status) => status !== undefined)
  } catch (thrown) {
    if (isRefitError(thrown, 'TemporalUnavailable')) return null
    throw thrown
  }
}

async function readSpool({ spool }: WebDependencies): Promise<SpoolStatus> {
  try {
    return (await spool?.()) ?? null
  } catch (thrown) {
    if (isRefitError(thrown, 'StoreUnavailable')) return { error: thrown.message }
    throw thrown
  }
}

async function readLive({ client }: WebDependencies, model: string): Promise<LiveStatus> {
  try {
    const steward = await client.stewardStatus(model)
    if (steward === undefined) return { kind: 'idle' }
    const run = steward.running === null ? undefined : await client.runStatus(steward.running.workflowId)
    return { kind: 'known', steward, run: run ?? null }
  } catch (thrown) {
    // The page is most needed when Temporal is away: it then shows what the store knows, and says so.
    if (isRefitError(thrown, 'TemporalUnavailable')) return { kind: 'unknown', why: thrown.message }
    throw thrown
  }
}
