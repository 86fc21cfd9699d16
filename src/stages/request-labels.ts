/** People are asked about rows without a label. */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DAY_MS } from '../data/dataset/day.js'
import { writeRequestFile } from '../data/labels/label-request-file.js'
import { findUnlabelled, keyOfRequests } from '../data/labels/unlabelled-rows.js'
import { randomRows } from '../decisions/label-choice.js'
import { RefitError } from '../errors.js'
import {
  type LabelRequested,
  labelRequestLog,
  listLabelRequests,
  type NumberedRequest,
} from '../ledger/label-requests.js'
import type { LabelRequest } from '../spec/label-feed.js'
import type { ModelSpec } from '../spec/spec.js'
import { putFile } from '../storage/objects.js'
import { chooseAsked } from './choose-asked.js'
import { knowledgeNow } from './knowledge.js'
import type { Life, Ports } from './ports.js'
import { readingRows } from './reading-rows.js'
import { requestFolder, stillThere } from './request-rows.js'

type RequestPorts = Pick<Ports, 'storage' | 'registry' | 'data' | 'openPredictor' | 'now'>

/** Rows that the champion is asked about, at most, to find those on which it is least certain; drawn at random. */
const MOST_SCORED = 200_000

/** What is asked, and on whose behalf. */
export interface AskRequest extends LabelRequest {
  readonly spec: ModelSpec
  /** The same id is the same request. */
  readonly id: string
  readonly actor: string
  readonly seed: number
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
    const body = await readingRows(ports.storage, spec, () => chooseAndKeep(ports, { ...request, earlier }, life))
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
    const { champion, chosen } = await chooseAsked(ports, { asking, candidates, folder }, life)
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
