import { sum } from '../statistics/at.js'
import { groupByReference } from '../statistics/index.js'
import type { Evidence } from './decision.js'
import { dataProblems } from './evidence/data-problems.js'
import { driftLevel, featureDrifts, NOISE_RATE, stability } from './evidence/feature-drift.js'
import { livePerformance } from './evidence/live-performance.js'
import type { EvidenceInput } from './evidence-input.js'

/** Turns what was gathered into the evidence that a decision rests on. Pure: the same input gives the same evidence. */
export function assembleEvidence(input: EvidenceInput): Evidence {
  const { reference, live, policy } = input
  return {
    asOf: input.asOf,
    liveRows: live?.rows ?? 0,
    liveFrom: live?.from ?? null,
    liveTo: live?.to ?? null,
    liveCommits: input.liveCommits.map(({ seq }) => seq),
    champion: input.champion,
    newLabelledRows: input.newLabelledRows,
    labelledRowsSinceChange: input.labelledRowsSinceChange,
    dataProblems: dataProblems(input),
    features: reference === null || live === null ? [] : featureDrifts(reference, live, policy),
    scores: scoreDrift(input),
    label: labelShares(input),
    performance: livePerformance(input.performance, policy.minRows),
    ...labelNews(input),
  }
}

function scoreDrift({ scores, policy }: EvidenceInput): Evidence['scores'] {
  if (scores === null) return null
  const [referenceRows, liveRows] = [sum(scores.referenceCounts), sum(scores.liveCounts)]
  if (referenceRows === 0 || liveRows === 0) return null
  const counts = groupByReference(scores.referenceCounts, scores.liveCounts, 10)
  const { psi, limitAt } = stability(counts)
  const psiNoise = limitAt(NOISE_RATE)
  const isEnough = Math.min(referenceRows, liveRows) >= policy.minRows
  return {
    psi,
    psiNoise,
    level: isEnough ? driftLevel({ psi, psiNoise, ks: null, cramersV: null }, policy) : 'insufficient',
  }
}

/** What came by feeds of labels; nothing where there are none. */
function labelNews({ weakLabels, answeredRows }: EvidenceInput): Pick<Evidence, 'weakLabels' | 'answeredRows'> {
  return {
    ...(weakLabels === undefined ? {} : { weakLabels: { rows: weakLabels.known, positive: weakLabels.positive } }),
    ...(answeredRows === undefined ? {} : { answeredRows }),
  }
}

function labelShares({ labels }: EvidenceInput): Evidence['label'] {
  if (labels === null || labels.reference.known === 0 || labels.live.known === 0) return null
  const { reference, live } = labels
  return {
    reference: reference.positive / reference.known,
    referenceRows: reference.known,
    live: live.positive / live.known,
    rows: live.known,
  }
}
