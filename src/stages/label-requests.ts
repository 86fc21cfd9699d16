/** People are asked about rows without a label, and it is counted what came back. */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Snapshot } from '../data/dataset/commit.js'
import { openSnapshot } from '../data/dataset/snapshot.js'
import { type FeedPositions, feedPositions, latestAnswer } from '../data/labels/answers.js'
import { type Answered, countAnswered, type ScoredChoice, writeRequestFile } from '../data/labels/label-request-file.js'
import { findUnlabelled, keyOfRequests, type UnlabelledRows } from '../data/labels/unlabelled-rows.js'
import { chooseRows, randomRows } from '../decisions/label-choice.js'
import { isRefitError, RefitError } from '../errors.js'
import {
  type LabelRequested,
  labelRequestLog,
  listLabelRequests,
  type NumberedRequest,
} from '../ledger/label-requests.js'
import type { LabelRequest } from '../spec/label-feed.js'
import type { ModelSpec } from '../spec/spec.js'
import { objectFile, putFile } from '../storage/objects.js'
import { type Champion, championOf } from './champion.js'
import { nowBy } from './decide.js'
import { closeScorer, openScorer } from './packages.js'
import type { Life, Ports } from './ports.js'
import { scoreRows } from './scoring.js'

type RequestPorts = Pick<Ports, 'storage' | 'registry' | 'data' | 'openPredictor' | 'now'>

/** Rows that the champion is asked about, at most, to find those on which it is least certain; drawn at random. */
const MOST_SCORED = 200_000
const DAY_MS = 86_400_000

/** What is asked, and on whose behalf. */
export interface AskRequest extends LabelRequest {
  readonly spec: ModelSpec
  /** The same id is the same request. */
  readonly id: string
  readonly actor: string
  readonly seed: number
}

/** What was known when rows were chosen. */
interface Knowledge {
  readonly snapshot: Snapshot
  readonly answers: FeedPositions
  readonly asOf: string
}

/**
 * Makes a request; making it again changes nothing. `undefined` when there is no row to ask about. Rejects with `InvalidInput`
 * when the spec has no feed by which the answers could come.
 */
export async function requestLabels(
  ports: RequestPorts,
  request: AskRequest,
  life: Life,
): Promise<NumberedRequest | undefined> {
  const { spec, id, actor } = request
  requireFeed(spec)
  const log = labelRequestLog(ports.storage, spec.model)
  for (;;) {
    const earlier = await listLabelRequests(ports.storage, spec.model)
    const known = earlier.find((entry) => entry.id === id)
    if (known !== undefined) return known
    const body = await chooseAndKeep(ports, { ...request, earlier }, life)
    if (body === undefined) return undefined
    const result = await log.append({ id, actor, body, expectedSeq: earlier.at(-1)?.seq ?? 0 })
    // Somebody else asked meanwhile, and perhaps about the same rows.
    if (result.kind !== 'stale') return result.entry
  }
}

function requireFeed(spec: ModelSpec): void {
  if (keyOfRequests(spec).length > 0 && Object.values(spec.data.labels ?? {}).some(({ kind }) => kind === 'verified'))
    return
  throw new RefitError(
    'InvalidInput',
    `Cannot request labels of "${spec.model}": its spec has no verified feed by which answers could come. Add one to data.labels, see docs/labels.md.`,
  )
}

interface Asking extends AskRequest {
  readonly earlier: readonly NumberedRequest[]
}

async function chooseAndKeep(ports: RequestPorts, asking: Asking, life: Life): Promise<LabelRequested | undefined> {
  const folder = await mkdtemp(join(ports.data.scratchFolder, 'request-'))
  try {
    const { spec, waitDays } = asking
    const nowMs = ports.now().getTime()
    const known = await knowledgeNow(ports, spec)
    const open = await stillThere(
      ports.storage,
      asking.earlier.filter(({ body }) => Date.parse(body.openUntil) > nowMs),
    )
    const candidates = await findUnlabelled(ports.data, {
      ...{ spec, ...known, folder, signal: life.signal },
      seed: `${asking.seed}:${asking.earlier.length + 1}`,
      limit: randomRows(asking) + (asking.randomShare < 1 ? MOST_SCORED : 0),
      asked: open.map(({ body }) => body.rows),
    })
    if (candidates.rows === 0) return undefined
    const { champion, chosen } = await choose(ports, { asking, candidates, folder }, life)
    const random = chosen.filter(({ why }) => why === 'random').length
    const file = await writeRequestFile(ports.data, {
      ...{ candidates: candidates.file, chosen, folder, probability: random / candidates.population },
    })
    return {
      rows: await putFile(ports.storage, requestFolder(spec.model), file, {
        extension: '.parquet',
        rows: chosen.length,
      }),
      ...{ random, uncertain: chosen.length - random, population: candidates.population, champion },
      ...{ asOf: known.asOf, snapshot: known.snapshot.seq, answers: known.answers },
      openUntil: new Date(nowMs + waitDays * DAY_MS).toISOString(),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Requests whose rows were not removed since, as somebody in them must be forgotten. */
async function stillThere(
  storage: Ports['storage'],
  requests: readonly NumberedRequest[],
): Promise<readonly NumberedRequest[]> {
  const there = await Promise.all(requests.map(({ body }) => isThere(storage, body.rows)))
  return requests.filter((_, i) => there[i])
}

async function isThere(storage: Ports['storage'], ref: LabelRequested['rows']): Promise<boolean> {
  try {
    await objectFile(storage, ref)
    return true
  } catch (thrown) {
    if (isRefitError(thrown, 'NotFound')) return false
    throw thrown
  }
}

/**
 * Removes the rows of requests in which a person who must be forgotten may be, and rows that no request names; their counts
 * stay in the log. `isWhole` tells whether nobody was erased since a position of the dataset's log. Gives how many objects were
 * removed.
 */
export async function forgetRequests(
  storage: Ports['storage'],
  model: string,
  isWhole: (position: number) => boolean,
): Promise<number> {
  const whole = (await listLabelRequests(storage, model)).filter(({ body }) => isWhole(body.snapshot))
  const kept = new Set(whole.map(({ body }) => body.rows.uri))
  let removed = 0
  for await (const key of storage.list(`${requestFolder(model)}/`)) {
    if (kept.has(key)) continue
    await storage.remove(key)
    removed++
  }
  return removed
}

const requestFolder = (model: string): string => `datasets/${model}/requests`

/** What has arrived, and the event time that counts as now. */
async function knowledgeNow({ data, now }: Pick<Ports, 'data' | 'now'>, spec: ModelSpec): Promise<Knowledge> {
  const snapshot = await openSnapshot(data, spec.model)
  const answers = await feedPositions(data, spec)
  return { snapshot, answers, asOf: nowBy(spec, snapshot, now(), await latestAnswer(data, spec, answers)) }
}

interface Choice {
  readonly asking: AskRequest
  readonly candidates: UnlabelledRows
  readonly folder: string
}

async function choose(
  ports: RequestPorts,
  { asking, candidates, folder }: Choice,
  life: Life,
): Promise<{ readonly champion: number | null; readonly chosen: readonly ScoredChoice[] }> {
  const { rows, file } = candidates
  if (asking.randomShare === 1) {
    const drawn = chooseRows({ rows, scores: null }, { ...asking, threshold: 0 })
    return { champion: null, chosen: drawn.map((choice) => ({ ...choice, score: Number.NaN })) }
  }
  const { version } = await championOf(ports.registry, asking.spec.model)
  const scores = await scoresOf(ports, version, { file, folder }, life)
  const chosen = chooseRows({ rows, scores }, { ...asking, threshold: version.package.threshold })
  return {
    champion: version.version,
    chosen: chosen.map((choice) => ({ ...choice, score: scores[choice.row] ?? Number.NaN })),
  }
}

async function scoresOf(
  ports: RequestPorts,
  version: Champion['version'],
  { file, folder }: { readonly file: string; readonly folder: string },
  life: Life,
): Promise<Float64Array> {
  const scorer = await openScorer(ports, version.package, join(folder, 'champion')).catch((cause: unknown) => {
    if (!(cause instanceof RefitError)) throw cause
    const wayOut = 'Mend that, or ask with a random share of 1: then it is not needed.'
    throw new RefitError(
      cause.code,
      `Cannot find rows that version ${version.version} is uncertain of: ${cause.message} ${wayOut}`,
      {
        permanent: cause.permanent,
        cause,
      },
    )
  })
  try {
    const { scores } = await scoreRows(ports.data, {
      ...{ files: [file], label: 'NULL', scorers: { champion: scorer }, signal: life.signal },
      progress: (rows) => life.show({ rows }),
    })
    return scores.champion ?? new Float64Array()
  } finally {
    await closeScorer(scorer)
  }
}

/** A request and what came of it. */
export interface RequestLook {
  readonly request: number
  readonly askedAt: string
  readonly askedBy: string
  readonly openUntil: string
  readonly answered: Answered
  /** Rows without an answer. */
  readonly missing: number
  /** Whether answers are still waited for. */
  readonly isOpen: boolean
  /** Whether its rows were removed, as somebody in them must be forgotten: then nobody can count its answers. */
  readonly isForgotten: boolean
}

/** Counts what came of a request, by all answers that have arrived. */
export async function lookAtRequest(
  ports: Pick<Ports, 'storage' | 'data' | 'now'>,
  spec: ModelSpec,
  { seq: request, at: askedAt, actor: askedBy, body }: NumberedRequest,
): Promise<RequestLook> {
  const { openUntil } = body
  const told = { request, askedAt, askedBy, openUntil }
  if (!(await isThere(ports.storage, body.rows))) {
    const part = (asked: number) => ({ asked, answered: 0, positive: 0 })
    const answered = { random: part(body.random), uncertain: part(body.uncertain) }
    return { ...told, answered, missing: 0, isOpen: false, isForgotten: true }
  }
  const { answers, asOf } = await knowledgeNow(ports, spec)
  const answered = await countAnswered(ports.data, { spec, rows: body.rows, answers, asOf })
  const { random, uncertain } = answered
  const missing = random.asked + uncertain.asked - random.answered - uncertain.answered
  const isOpen = missing > 0 && Date.parse(openUntil) > ports.now().getTime()
  return { ...told, answered, missing, isOpen, isForgotten: false }
}
