import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import binomialPmf from '@stdlib/stats-base-dists-binomial-pmf'

/** Two-sided p-values of McNemar's test. */
export interface McNemar {
  readonly exact: number
  /** Counts half of the observed table: keeps its level on average, where `exact` is conservative. Prefer it. */
  readonly midP: number
}

/**
 * McNemar's test that two models are right equally often on the same rows, from the rows where only one of them is right.
 *
 * Sources: Q. McNemar, Psychometrika 12 (1947); mid-p: M. Fagerland, S. Lydersen and P. Laake, BMC Medical Research
 * Methodology 13:91 (2013).
 */
export function mcNemar(onlyA: number, onlyB: number): McNemar {
  const [fewer, all] = [Math.min(onlyA, onlyB), onlyA + onlyB]
  if (all === 0) return { exact: 1, midP: 1 }
  const below = binomialCdf(fewer, all, 0.5)
  const exact = Math.min(1, 2 * below)
  // With equal counts both tails overlap in the observed table: its mid-p is 1 minus half of what is counted twice.
  const midP = onlyA === onlyB ? 1 - binomialPmf(fewer, all, 0.5) / 2 : 2 * below - binomialPmf(fewer, all, 0.5)
  return { exact, midP: Math.min(1, midP) }
}
