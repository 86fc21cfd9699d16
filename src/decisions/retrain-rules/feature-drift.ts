/** Rules on drifted features. Drift is not degradation: a share of them must have moved, far, and for more than one window. */
import type { DecisionHistory, FeatureDrift } from '../decision.js'
import { decimal, share } from '../plain-numbers.js'
import type { Facts, Proposal, Rule } from './rule.js'

/** Windows that are looked at, the present one included; a column must be in major drift in two of them. */
const WINDOWS = 3
/** PSI from which a column counts at once: about one standard deviation. */
const PSI_AT_ONCE = 1

/** Most features moved and stayed so: all is trained anew. Asked before the partial, which it would never pass. */
export const broadFeatureDrift: Rule = ({ evidence: { features }, history, policy }): Proposal | undefined => {
  const columns = majorColumnsNow(features).filter((column) => isPersistent(column, history))
  const moved = driftedShare(columns, features)
  if (columns.length === 0 || moved < policy.driftedShareFull) return undefined
  const reason =
    `${sentence(columns, features, moved)} in two of ${WINDOWS} windows; from ${share(policy.driftedShareFull)} on ` +
    'the whole model is trained.'
  return { verdict: 'full', rule: 'broadFeatureDrift', reasons: [reason] }
}

/** A share of the features moved, persistently or very far: a part is trained. */
export const featureDrift: Rule = (facts): Proposal | undefined => {
  const { features } = facts.evidence
  const columns = notableColumns(facts)
  const moved = driftedShare(columns, features)
  if (columns.length === 0 || moved < facts.policy.driftedShare) return undefined
  const reason =
    `${sentence(columns, features, moved)} in two of ${WINDOWS} windows or with PSI of ${PSI_AT_ONCE} and more; ` +
    `from ${share(facts.policy.driftedShare)} on a part is trained.`
  return { verdict: 'partial', rule: 'featureDrift', reasons: [reason] }
}

/** Columns in major drift in this window. */
export const majorColumnsNow = (features: readonly FeatureDrift[]): readonly string[] =>
  features.flatMap(({ column, level }) => (level === 'major' ? [column] : []))

/** Share of all features that the given columns are; 0 without features. */
export const driftedShare = (columns: readonly string[], features: readonly FeatureDrift[]): number =>
  features.length === 0 ? 0 : columns.length / features.length

function notableColumns({ evidence: { features }, history }: Facts): readonly string[] {
  return features.flatMap(({ column, level, psi }) =>
    level === 'major' && (psi >= PSI_AT_ONCE || isPersistent(column, history)) ? [column] : [],
  )
}

/** Whether a column in major drift now was so in one of the windows just before. */
function isPersistent(column: string, { decisions }: DecisionHistory): boolean {
  return decisions
    .filter(({ rule }) => closesWindow(rule))
    .slice(1 - WINDOWS)
    .some(({ majorColumns }) => majorColumns.includes(column))
}

/**
 * Whether the rows of a decision were looked at for good. After `noNewRows` and `insufficientRows` they were not: the next
 * decision looks at them again, together with what has arrived by then. Else a trickle would never be looked at.
 */
export const closesWindow = (rule: string): boolean => rule !== 'noNewRows' && rule !== 'insufficientRows'

function sentence(columns: readonly string[], features: readonly FeatureDrift[], moved: number): string {
  const worst = features
    .filter(({ column }) => columns.includes(column))
    .toSorted((a, b) => b.psi - a.psi)
    .slice(0, 3)
    .map(({ column, psi }) => `${column} with PSI ${decimal(psi, 3)}`)
  const verb = columns.length === 1 ? 'is' : 'are'
  return `${columns.length} of ${features.length} features (${share(moved)}; ${worst.join(', ')}) ${verb} in major drift`
}
