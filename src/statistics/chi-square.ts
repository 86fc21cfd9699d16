import { at, sum } from './at.js'
import { chiSquareTail } from './chi-square-tail.js'

/** Result of a χ² test of independence. */
export interface ChiSquare {
  readonly statistic: number
  readonly degreesOfFreedom: number
  /** Probability of a statistic at least this large under independence. */
  readonly pValue: number
}

/**
 * Pearson's χ² test of independence on a contingency table, without continuity correction. Empty rows and columns are left
 * out. Source: K. Pearson, Philosophical Magazine 50 (1900).
 *
 * Both samples are random here. (Treating the reference as the known truth doubles the statistic at equal sizes.)
 */
export function chiSquare(table: readonly (readonly number[])[]): ChiSquare {
  const { rows, columns, total } = margins(table)
  let statistic = 0
  for (const [i, row] of table.entries()) {
    for (const [j, observed] of row.entries()) {
      const expected = (at(rows, i) * at(columns, j)) / total
      if (expected > 0) statistic += (observed - expected) ** 2 / expected
    }
  }
  const degreesOfFreedom = Math.max(0, (used(rows) - 1) * (used(columns) - 1))
  const pValue = degreesOfFreedom === 0 ? 1 : chiSquareTail(statistic, degreesOfFreedom)
  return { statistic, degreesOfFreedom, pValue }
}

/**
 * Bias-corrected Cramér's V of a contingency table: strength of association in [0, 1], 0 for independence whatever the
 * number of rows.
 *
 * Source: W. Bergsma, A bias-correction for Cramér's V and Tschuprow's T, Journal of the Korean Statistical Society 42
 * (2013).
 */
export function cramersV(table: readonly (readonly number[])[]): number {
  const { rows, columns, total } = margins(table)
  const [r, k] = [used(rows), used(columns)]
  if (r < 2 || k < 2 || total < 2) return 0
  const phi2 = Math.max(0, chiSquare(table).statistic / total - ((k - 1) * (r - 1)) / (total - 1))
  const corrected = (size: number) => size - (size - 1) ** 2 / (total - 1)
  return Math.min(1, Math.sqrt(phi2 / Math.min(corrected(k) - 1, corrected(r) - 1)))
}

function margins(table: readonly (readonly number[])[]) {
  const rows = table.map(sum)
  const columns = (table[0] ?? []).map((_, j) => sum(table.map((row) => at(row, j))))
  return { rows, columns, total: sum(rows) }
}

const used = (totals: readonly number[]) => totals.filter((total) => total > 0).length
