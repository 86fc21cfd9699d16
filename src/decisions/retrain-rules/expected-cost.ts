import { quantile } from '../../statistics/index.js'
import type { Facts } from './rule.js'

/** Trainings that the expectation rests on, the latest ones. */
const LATEST = 5

/**
 * Price of a training in the spec's currency: median seconds of the latest trainings of the same kind, else of any kind;
 * null when none was measured, or nothing is trained.
 */
export function expectedCost(
  { history, trainingHourPrice }: Facts,
  verdict: 'none' | 'partial' | 'full',
): number | null {
  if (verdict === 'none') return null
  const measured = history.decisions.flatMap((past) =>
    past.trainingSeconds === null ? [] : [{ verdict: past.verdict, seconds: past.trainingSeconds }],
  )
  const alike = measured.filter((past) => past.verdict === verdict)
  const seconds = (alike.length > 0 ? alike : measured).slice(-LATEST).map((past) => past.seconds)
  return seconds.length === 0 ? null : (quantile(seconds, 0.5) / 3600) * trainingHourPrice
}
