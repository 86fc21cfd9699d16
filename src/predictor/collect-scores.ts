import { RefitError } from '../errors.js'

/** The scores of a batch that is answered in parts. */
export interface ScoreCollector {
  /** Takes the scores of the rows from `from` on. Throws `PredictorFailed` unless they are finite and in [0, 1]. */
  add(from: number, rows: number, scores: readonly number[]): void
  readonly scores: Float64Array
}

/** Collects and checks scores; `model` names the predictor in errors. */
export function collectScores(rows: number, model: string): ScoreCollector {
  const all = new Float64Array(rows)
  const add = (from: number, expected: number, scores: readonly number[]): void => {
    if (scores.length !== expected) throw failed(model, `it gave ${scores.length} scores for ${expected} rows`)
    const wrong = scores.findIndex((score) => !(score >= 0 && score <= 1))
    if (wrong >= 0) throw failed(model, `row ${from + wrong} has score ${scores[wrong]}, which is not in [0, 1]`)
    all.set(scores, from)
  }
  return { add, scores: all }
}

function failed(model: string, reason: string): RefitError {
  const text = `Cannot use the scores of ${model}: ${reason}. A predictor gives the probability of the positive class.`
  return new RefitError('PredictorFailed', text, { permanent: true })
}
