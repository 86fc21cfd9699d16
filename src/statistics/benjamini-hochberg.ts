/** Which hypotheses are rejected, and the p-value up to which they are. */
export interface FalseDiscoveryControl {
  readonly rejected: readonly boolean[]
  /** k·q/m for k rejections among m; q/m when there is none: exactly the p-values up to it are rejected. */
  readonly limit: number
}

/**
 * Rejects so many hypotheses that the expected share of false ones among them is at most `q` (independent or positively
 * dependent tests).
 *
 * Source: Y. Benjamini and Y. Hochberg, Journal of the Royal Statistical Society B 57 (1995).
 */
export function benjaminiHochberg(pValues: readonly number[], q: number): FalseDiscoveryControl {
  const m = pValues.length
  const ascending = [...pValues].sort((a, b) => a - b)
  const rejections = ascending.findLastIndex((p, index) => p <= ((index + 1) * q) / m) + 1
  const limit = m === 0 ? q : (Math.max(1, rejections) * q) / m
  return { rejected: pValues.map((p) => rejections > 0 && p <= limit), limit }
}
