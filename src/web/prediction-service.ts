/** Serves what the alias `champion` points to: the package, the derived columns of its spec, and the rule beside it. */
import { RefitError } from '../errors.js'
import { createChampions } from './serving/champions.js'
import { checkRows, type RequestRow } from './serving/check-rows.js'
import type { OpenedChampion, Prediction, PredictionPorts } from './serving/prediction-ports.js'

/** Rows that cannot be scored: all that is wrong, with the numbers of the rows. */
export interface UnfitRows {
  readonly problems: readonly string[]
}

/** Answers with scores. */
export interface PredictionService {
  /** Rejects with `NotFound` when the model has no champion, or with what its predictor rejects with. */
  predict(model: string, rows: readonly RequestRow[]): Promise<Prediction | UnfitRows>
  /** Closes all that is open; what requests under way still use is closed when they end. */
  close(): Promise<void>
}

/** Makes the service. The alias is looked up again when the last look is older than `pollMs`. */
export function createPredictionService(ports: PredictionPorts, { pollMs = 3_000 } = {}): PredictionService {
  const champions = createChampions(ports, pollMs)
  return {
    predict: (model, rows) =>
      champions.use(model, async (opened) => {
        const problems = checkRows(rows, opened.spec)
        if (problems.length > 0) return { problems }
        const prediction = await score(opened, rows)
        ports.log({ kind: 'prediction', at: ports.now().toISOString(), model, ...prediction, rows })
        return prediction
      }),
    close: () => champions.close(),
  }
}

async function score(
  { version, deriver, predictor }: OpenedChampion,
  rows: readonly RequestRow[],
): Promise<Prediction> {
  const { batch, baseline } = await deriver.derive(rows)
  const scores = predictor === undefined ? baseline : await predictor.predict(batch)
  if (scores === null || scores.length !== rows.length || !scores.every(Number.isFinite)) {
    throw new RefitError(
      'PredictorFailed',
      `Cannot score with version ${version.version}: expected ${rows.length} finite scores, got ${describe(scores)}. ` +
        'Check the rule or the predictor of this version.',
    )
  }
  const answer = {
    version: version.version,
    scores: [...scores],
    decisions: [...scores].map((value) => value >= version.package.threshold),
  }
  if (predictor === undefined || baseline === null) return answer
  // JSON has no NaN: a rule that has no opinion on a row says null.
  return { ...answer, baseline: [...baseline].map((value) => (Number.isFinite(value) ? value : null)) }
}

const describe = (scores: Float64Array | null): string =>
  scores === null ? 'none' : `${scores.length}, ${scores.filter(Number.isFinite).length} of them finite`
