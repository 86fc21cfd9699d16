/** Rule R3: realised performance of the champion against what it showed when it was examined. */
import type { LivePerformance } from '../decision.js'
import type { PerformanceInput } from '../evidence-input.js'
import { type Contender, type Measured, measure, metricDirection } from '../goal-metric.js'

/**
 * The loss since the examination and its z-value: loss / √(v · (1/n + 1/m)) with the row variance v of the live rows, so
 * that the reference needs to remember no more than its value and rows.
 *
 * Null when fewer than `minRows` labelled rows are known, or only one class of them.
 */
export function livePerformance(input: PerformanceInput | null, minRows: number): LivePerformance | null {
  if (input === null) return null
  const { metric, reference } = input
  const live = 'labels' in input.live ? measureKnown(input, input.live) : input.live
  if (live === null || live.rows < minRows || reference.rows === 0) return null
  const drop = metricDirection(metric) === 'higher' ? reference.value - live.value : live.value - reference.value
  const standardError = live.standardError * Math.sqrt(1 + live.rows / reference.rows)
  // Rows without any variance (all decided rightly) would divide by zero; z stays finite, as it is stored as JSON.
  const z = drop / Math.max(standardError, 1e-12)
  return {
    metric,
    reference: reference.value,
    referenceRows: reference.rows,
    live: live.value,
    liveRows: live.rows,
    z,
    drop,
  }
}

function measureKnown(
  { metric }: PerformanceInput,
  live: Contender & { readonly labels: ArrayLike<number> },
): Measured | null {
  const known = Array.from(live.labels, (label, row) => (label === 0 || label === 1 ? row : -1)).filter(
    (row) => row >= 0,
  )
  const labels = Uint8Array.from(known, (row) => live.labels[row] ?? 0)
  if (!labels.includes(0) || !labels.includes(1)) return null
  const scores = Float64Array.from(known, (row) => live.scores[row] ?? Number.NaN)
  return measure(metric, labels, { scores, threshold: live.threshold })
}
