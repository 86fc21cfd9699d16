/** Rule R1: how far each feature has moved, by effect, and only where the effect stands out from noise. */
import { RefitError } from '../../errors.js'
import type { Policy } from '../../spec/policy.js'
import { sum } from '../../statistics/at.js'
import {
  benjaminiHochberg,
  type CategoricalProfile,
  cramersV,
  decileCounts,
  type GroupedCounts,
  kolmogorovSmirnov,
  type NumericProfile,
  type Profile,
  populationStabilityIndex,
  psiNoiseLimit,
  psiPValue,
} from '../../statistics/index.js'
import type { DriftLevel, FeatureDrift } from '../decision.js'

/** Expected share of false alarms among the columns that stand out: Benjamini-Hochberg's q. */
export const NOISE_RATE = 0.01
/** Cramér's V that counts as moderate; about the same shift as PSI 0.1. */
const CRAMERS_V_MODERATE = 0.1
/** Categories that PSI keeps apart, by rows of the reference; the others are one bin. */
const TOP_CATEGORIES = 50

/** A column before it is known how many others stand out. */
interface MeasuredColumn extends Omit<FeatureDrift, 'psiNoise' | 'level'> {
  readonly pValue: number
  /** The PSI that noise exceeds with this probability. */
  readonly limitAt: (alpha: number) => number
}

type Effect = Pick<FeatureDrift, 'psi' | 'psiNoise' | 'ks' | 'cramersV'>

/**
 * Drift of every column that both profiles have. A column is `moderate` or `major` when its effect is large and its PSI
 * exceeds what chance gives at this many rows, with false alarms controlled over all columns.
 *
 * @throws RefitError `InvalidInput` when a column was counted on different bins.
 */
export function featureDrifts(reference: Profile, live: Profile, policy: Policy): readonly FeatureDrift[] {
  const isEnough = Math.min(reference.rows, live.rows) >= policy.minRows
  const measured = reference.rows === 0 || live.rows === 0 ? [] : measureColumns(reference, live)
  const { limit } = benjaminiHochberg(
    measured.map(({ pValue }) => pValue),
    NOISE_RATE,
  )
  return measured.map(({ pValue: _, limitAt, ...column }) => {
    const effect = { ...column, psiNoise: limitAt(limit) }
    return { ...effect, level: isEnough ? driftLevel(effect, policy) : 'insufficient' }
  })
}

/** The level of an effect, given what noise alone would give. */
export function driftLevel({ psi, psiNoise, ks, cramersV }: Effect, policy: Policy): DriftLevel {
  if (psi <= psiNoise) return 'none'
  if (psi >= policy.psiMajor || (ks !== null && ks >= policy.ksMajor)) return 'major'
  // Half of the major KS distance belongs to about half of the shift, as PSI 0.1 does.
  const isModerate =
    psi >= policy.psiModerate ||
    (ks !== null && ks >= policy.ksMajor / 2) ||
    (cramersV !== null && cramersV >= CRAMERS_V_MODERATE)
  return isModerate ? 'moderate' : 'none'
}

/** PSI of grouped counts, its p-value, and the PSI that noise exceeds at a given rate. */
export function stability({ reference, live }: GroupedCounts) {
  const sample = { bins: reference.length, referenceRows: sum(reference), liveRows: sum(live) }
  const psi = populationStabilityIndex(reference, live)
  return { psi, pValue: psiPValue(psi, sample), limitAt: (alpha: number) => psiNoiseLimit(sample, alpha) }
}

function measureColumns(reference: Profile, live: Profile): readonly MeasuredColumn[] {
  return Object.entries(reference.columns).flatMap(([column, before]) => {
    const now = live.columns[column]
    if (before.kind === 'numeric' && now?.kind === 'numeric') return [numericDrift(column, before, now)]
    if (before.kind === 'categorical' && now?.kind === 'categorical') return [categoricalDrift(column, before, now)]
    // A column that the spec added, removed or retyped since has nothing to be compared with.
    return []
  })
}

function numericDrift(column: string, reference: NumericProfile, live: NumericProfile): MeasuredColumn {
  if (reference.edges.length !== live.edges.length || reference.edges.some((edge, i) => edge !== live.edges[i])) {
    throw new RefitError(
      'InvalidInput',
      `Cannot compare column "${column}": reference and live rows were counted on different bins. Count both on the newer ones.`,
    )
  }
  const isEmpty = sum(reference.counts) === 0 || sum(live.counts) === 0
  const ks = isEmpty ? null : kolmogorovSmirnov(reference.counts, live.counts)
  return { column, kind: 'numeric', ks, cramersV: null, ...stability(decileCounts(reference, live)) }
}

function categoricalDrift(column: string, reference: CategoricalProfile, live: CategoricalProfile): MeasuredColumn {
  const counts = categoryCounts(reference, live)
  const association = cramersV([counts.reference, counts.live])
  return { column, kind: 'categorical', ks: null, cramersV: association, ...stability(counts) }
}

/** The reference's most frequent categories, all others, and missing values; groups that nobody uses are left out. */
function categoryCounts(reference: CategoricalProfile, live: CategoricalProfile): GroupedCounts {
  const frequent = Object.entries(reference.counts)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, TOP_CATEGORIES)
    .map(([category]) => category)
  const grouped = (profile: CategoricalProfile) => {
    const own = frequent.map((category) => profile.counts[category] ?? 0)
    const others = sum(Object.values(profile.counts)) - sum(own) + profile.other
    return [...own, others, profile.nulls]
  }
  const [before, now] = [grouped(reference), grouped(live)]
  const isUsed = (_: number, group: number) => (before[group] ?? 0) + (now[group] ?? 0) > 0
  return { reference: before.filter(isUsed), live: now.filter(isUsed) }
}
