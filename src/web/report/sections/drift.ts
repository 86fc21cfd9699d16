import type { DriftLevel, Evidence, FeatureDrift } from '../../../decisions/decision.js'
import type { RunRecord } from '../../../decisions/run-record.js'
import { badge, facts, type Tone, table } from '../../elements.js'
import { count, measure, moment, share } from '../../format.js'
import { html, type Markup, type Part } from '../../markup.js'
import { type DriftLimits, driftChart, MOST_CHARTED } from '../charts/drift-chart.js'
import type { Section } from '../section.js'

/** How far features, scores and label have moved since the champion's reference. */
export function driftSection({ evidence, spec }: RunRecord): Section | undefined {
  if (evidence === null) return undefined
  const limits = { moderate: spec.psiModerate, major: spec.psiMajor }
  const { features } = evidence
  const body = html`<p>${count(evidence.liveRows)} rows${evidence.liveFrom !== null && `, ${moment(evidence.liveFrom)} to ${moment(evidence.liveTo)}`}, against the reference of champion version ${evidence.champion.version}.</p>
${features.length === 0 ? html`<p>No feature was compared: there is no reference or nothing arrived.</p>` : featureDrift(features, limits)}
${facts([
  ['Scores', scoresText(evidence)],
  ['Positive labels', labelText(evidence)],
])}`
  return { id: 'drift', title: 'Drift', body }
}

function featureDrift(features: readonly FeatureDrift[], limits: DriftLimits): Markup {
  const isCut = features.length > MOST_CHARTED
  return html`<figure class="chart"><figcaption>Dots: how far each feature has moved. Short lines: what sampling noise alone may reach at this many rows. Dashed: the limits of the policy.${isCut && ` The ${MOST_CHARTED} features that moved most.`}</figcaption>
<div class="scroll">${driftChart(features, limits)}</div></figure>
<details><summary>All ${features.length} features as a table</summary>${table({
    caption: 'Drift of each feature',
    columns: [
      { title: 'Feature' },
      { title: 'Level' },
      { title: 'PSI', kind: 'number' },
      { title: 'Noise limit', kind: 'number' },
      { title: 'KS', kind: 'number' },
      { title: 'Cramér’s V', kind: 'number' },
    ],
    rows: features.map((feature) => [
      feature.column,
      levelBadge(feature.level),
      measure(feature.psi),
      measure(feature.psiNoise),
      measure(feature.ks),
      measure(feature.cramersV),
    ]),
  })}</details>`
}

const LEVEL_TONES: Record<DriftLevel, Tone> = { none: 'good', moderate: 'warn', major: 'bad', insufficient: 'quiet' }

const levelBadge = (level: DriftLevel): Markup => badge(level, LEVEL_TONES[level])

function scoresText({ scores }: Evidence): Part {
  if (scores === null) return undefined
  return html`${levelBadge(scores.level)}, PSI ${measure(scores.psi)}, noise limit ${measure(scores.psiNoise)}`
}

function labelText({ label }: Evidence): Part {
  if (label === null) return undefined
  return `${share(label.live)} of ${count(label.rows)} labelled rows, ${share(label.reference)} in the reference`
}
