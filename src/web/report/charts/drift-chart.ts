import { axisX, dot, ruleX, ruleY, text, tickX } from '@observablehq/plot'
import type { DriftLevel, FeatureDrift } from '../../../decisions/decision.js'
import { measure } from '../../format.js'
import type { Markup } from '../../markup.js'
import { draw } from './draw.js'

/** Most features that one chart shows: those that moved most. The table lists all. */
export const MOST_CHARTED = 40

const COLOURS: Record<DriftLevel, string> = {
  none: 'var(--good)',
  moderate: 'var(--warn)',
  major: 'var(--bad)',
  insufficient: 'var(--muted)',
}

/** Where drift begins to count, from the policy of the spec. */
export interface DriftLimits {
  readonly moderate: number
  readonly major: number
}

/**
 * PSI of each feature as a dot, the most moved first; the short line is what sampling alone may reach, dashed lines are
 * the limits of the policy.
 */
export function driftChart(features: readonly FeatureDrift[], limits: DriftLimits): Markup {
  const shown = [...features].sort((left, right) => right.psi - left.psi).slice(0, MOST_CHARTED)
  const label = (feature: FeatureDrift) => shorten(feature.column)
  const lines = [limits.moderate, limits.major]
  const furthest = Math.max(...shown.flatMap(({ psi, psiNoise }) => [psi, psiNoise]), ...lines, 0.01)
  const longest = Math.max(...shown.map((feature) => label(feature).length))
  return draw(
    {
      width: 720,
      height: 26 * shown.length + 64,
      marginLeft: Math.min(240, 24 + longest * 7),
      marginRight: 56,
      marginTop: 24,
      marginBottom: 36,
      x: { domain: [0, furthest * 1.06], label: null },
      y: { domain: shown.map(label), label: null, tickSize: 0 },
      marks: [
        axisX({
          label: 'population stability index',
          labelAnchor: 'center',
          labelArrow: 'none',
          tickSize: 3,
          ticks: 6,
        }),
        ruleX([0], { stroke: 'var(--line)' }),
        ruleX(lines, { stroke: 'var(--muted)', strokeDasharray: '3,3' }),
        text(limitNames(limits), {
          x: 'at',
          text: 'name',
          frameAnchor: 'top',
          dy: -18,
          fill: 'var(--muted)',
          fontSize: 11,
        }),
        ruleY(shown, {
          y: label,
          x1: 0,
          x2: 'psi',
          stroke: (feature: FeatureDrift) => COLOURS[feature.level],
          strokeWidth: 1.5,
          strokeOpacity: 0.45,
        }),
        tickX(shown, { y: label, x: 'psiNoise', stroke: 'currentColor', strokeWidth: 1.5, inset: 4 }),
        dot(shown, { y: label, x: 'psi', r: 4.5, fill: (feature: FeatureDrift) => COLOURS[feature.level] }),
        text(shown, {
          y: label,
          x: 'psi',
          text: (feature: FeatureDrift) => measure(feature.psi),
          dx: 10,
          textAnchor: 'start',
          fontSize: 11,
        }),
      ],
    },
    `Population stability index: ${shown.map((feature) => `${feature.column} ${measure(feature.psi)} (${feature.level})`).join(', ')}`,
  )
}

function limitNames(limits: DriftLimits): readonly { at: number; name: string }[] {
  return [
    { at: limits.moderate, name: `moderate ${limits.moderate}` },
    { at: limits.major, name: `major ${limits.major}` },
  ]
}

const shorten = (name: string): string => (name.length > 30 ? `${name.slice(0, 29)}…` : name)
