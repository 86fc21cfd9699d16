import chisquareQuantile from '@stdlib/stats-base-dists-chisquare-quantile'
import { at, sum } from './at.js'
import { chiSquareTail } from './chi-square-tail.js'

/**
 * What an empty bin counts as. `halfCount`: every bin of B has the share (c + ½) / (n + ½B), so an empty bin weighs less
 * the more rows there are. `floor`: an empty bin has the given share, others c / n, as other tools do.
 */
export type ZeroFill = { readonly kind: 'halfCount' } | { readonly kind: 'floor'; readonly share: number }

/**
 * Population stability index of two sets of counts on the same bins: Σ (l − r) · ln(l / r) over the shares, in nats.
 *
 * 0 for equal shares; symmetric; without an upper limit. Common bands: 0.1 moderate, 0.25 major, but see
 * {@link psiNoiseLimit}: below some thousand rows the bands alone raise false alarms.
 *
 * Source: S. Kullback, Information Theory and Statistics (1959), the symmetric divergence J; bands and use as in
 * N. Siddiqi, Credit Risk Scorecards (2006).
 *
 * @throws RangeError when the numbers of bins differ or a side is empty.
 */
export function populationStabilityIndex(
  reference: readonly number[],
  live: readonly number[],
  zeroFill: ZeroFill = { kind: 'halfCount' },
): number {
  if (reference.length !== live.length) {
    throw new RangeError(`Cannot compare counts: expected as many bins, found ${reference.length} and ${live.length}.`)
  }
  const [r, l] = [shares(reference, zeroFill), shares(live, zeroFill)]
  return sum(r.map((share, bin) => (at(l, bin) - share) * Math.log(at(l, bin) / share)))
}

function shares(counts: readonly number[], zeroFill: ZeroFill): readonly number[] {
  const rows = sum(counts)
  if (!(rows > 0)) throw new RangeError('Cannot compare counts: one side has no rows.')
  return zeroFill.kind === 'halfCount'
    ? counts.map((count) => (count + 0.5) / (rows + 0.5 * counts.length))
    : counts.map((count) => (count === 0 ? zeroFill.share : count / rows))
}

/** Rows behind two sets of counts, and the bins they are on. */
export interface PsiSample {
  readonly bins: number
  readonly referenceRows: number
  readonly liveRows: number
}

/**
 * The value that PSI exceeds with probability `alpha` although nothing changed: χ²(B − 1; 1 − alpha) · (1/n + 1/m).
 *
 * Source: B. Yurdakul and J. Naranjo, Statistical properties of the population stability index, Journal of Risk Model
 * Validation 14 (2020): PSI / (1/n + 1/m) is asymptotically χ² with B − 1 degrees of freedom.
 */
export function psiNoiseLimit({ bins, referenceRows, liveRows }: PsiSample, alpha: number): number {
  if (bins < 2) return 0
  return chisquareQuantile(1 - alpha, bins - 1) * (1 / referenceRows + 1 / liveRows)
}

/** Probability of a PSI at least this large although nothing changed; 1 with fewer than two bins. See {@link psiNoiseLimit}. */
export function psiPValue(psi: number, { bins, referenceRows, liveRows }: PsiSample): number {
  if (bins < 2) return 1
  return chiSquareTail(psi / (1 / referenceRows + 1 / liveRows), bins - 1)
}
