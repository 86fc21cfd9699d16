import { at } from './at.js'
import type { CategoricalProfile, ColumnProfile, NumericProfile, Profile } from './profile.js'

/** Most values that a merged categorical profile keeps apart; rows of the rarer ones become `other`. */
const MAX_VALUES = 1000

/**
 * The profile of all rows of the given profiles, as if they had been counted at once.
 *
 * Counts add up exactly. The one exception: a value that is among `counts` of one partition and in `other` of a second
 * one stays split, because `other` no longer knows its values.
 *
 * @throws RangeError when there is no profile, or when bins revision, columns, kinds or edges differ.
 */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  const [first, ...others] = profiles
  if (first === undefined) throw new RangeError('Cannot merge profiles: expected at least one, found none.')
  return others.reduce(mergeTwo, first)
}

function mergeTwo(a: Profile, b: Profile): Profile {
  if (a.bins !== b.bins) {
    throw new RangeError(
      `Cannot merge profiles of bins revisions ${a.bins} and ${b.bins}. Count the older partition on the newer bins first.`,
    )
  }
  return {
    version: 1,
    bins: a.bins,
    rows: a.rows + b.rows,
    from: earlier(a.from, b.from),
    to: later(a.to, b.to),
    columns: mergeColumns(a.columns, b.columns),
    label: { known: a.label.known + b.label.known, positive: a.label.positive + b.label.positive },
  }
}

function mergeColumns(a: Profile['columns'], b: Profile['columns']): Profile['columns'] {
  const merged: Record<string, ColumnProfile> = {}
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [left, right] = [a[name], b[name]]
    if (left === undefined || right === undefined) {
      throw new RangeError(`Cannot merge profiles: column "${name}" is in one of them only.`)
    }
    merged[name] = mergeColumn(name, left, right)
  }
  return merged
}

function mergeColumn(name: string, a: ColumnProfile, b: ColumnProfile): ColumnProfile {
  if (a.kind === 'numeric' && b.kind === 'numeric') return mergeNumeric(name, a, b)
  if (a.kind === 'categorical' && b.kind === 'categorical') return mergeCategorical(a, b)
  throw new RangeError(`Cannot merge profiles: column "${name}" is ${a.kind} in one and ${b.kind} in the other.`)
}

function mergeNumeric(name: string, a: NumericProfile, b: NumericProfile): NumericProfile {
  if (a.edges.length !== b.edges.length || a.edges.some((edge, index) => edge !== b.edges[index])) {
    throw new RangeError(`Cannot merge profiles: column "${name}" was counted on different bin edges.`)
  }
  return {
    kind: 'numeric',
    edges: a.edges,
    counts: a.counts.map((count, index) => count + at(b.counts, index)),
    sums: a.sums.map((total, index) => total + at(b.sums, index)),
    nulls: a.nulls + b.nulls,
    notFinite: a.notFinite + b.notFinite,
    min: extreme(Math.min, a.min, b.min),
    max: extreme(Math.max, a.max, b.max),
  }
}

function mergeCategorical(a: CategoricalProfile, b: CategoricalProfile): CategoricalProfile {
  const rows = new Map(Object.entries(a.counts))
  for (const [value, count] of Object.entries(b.counts)) rows.set(value, (rows.get(value) ?? 0) + count)
  const ranked = [...rows].sort(([left, n], [right, m]) => m - n || (left < right ? -1 : 1))
  const rare = ranked.slice(MAX_VALUES).reduce((total, [, count]) => total + count, 0)
  return {
    kind: 'categorical',
    counts: Object.fromEntries(ranked.slice(0, MAX_VALUES)),
    other: a.other + b.other + rare,
    nulls: a.nulls + b.nulls,
  }
}

function extreme(pick: (a: number, b: number) => number, a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return pick(a, b)
}

// ISO 8601 times of one notation sort as text.
const earlier = (a: string | null, b: string | null) => (a === null || b === null ? (a ?? b) : a < b ? a : b)
const later = (a: string | null, b: string | null) => (a === null || b === null ? (a ?? b) : a > b ? a : b)
