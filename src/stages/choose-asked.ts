/** Which rows people are asked about: some at random, and some that the champion is least certain of. */
import { join } from 'node:path'
import type { ScoredChoice } from '../data/labels/label-request-file.js'
import type { UnlabelledRows } from '../data/labels/unlabelled-rows.js'
import { chooseRows } from '../decisions/label-choice.js'
import { RefitError } from '../errors.js'
import type { LabelRequest } from '../spec/label-feed.js'
import type { ModelSpec } from '../spec/spec.js'
import { type Champion, championOf } from './champion.js'
import { closeScorer, openScorer } from './packages.js'
import type { Life, Ports } from './ports.js'
import { scoreRows } from './scoring.js'

type ChoosePorts = Pick<Ports, 'registry' | 'storage' | 'data' | 'openPredictor'>

/** What there is to choose from. */
export interface Choice {
  readonly asking: LabelRequest & { readonly spec: ModelSpec; readonly seed: number }
  readonly candidates: UnlabelledRows
  /** A folder for the champion's files. */
  readonly folder: string
}

/**
 * Chooses rows, with the champion's scores (NaN where it was not asked: for random rows alone it is not needed), and its version.
 * Rejects as the champion's predictor does, permanently where that does.
 */
export async function chooseAsked(
  ports: ChoosePorts,
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
  ports: ChoosePorts,
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
