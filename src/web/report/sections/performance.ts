import type { LivePerformance } from '../../../decisions/decision.js'
import type { RunRecord } from '../../../decisions/run-record.js'
import type { Judgement } from '../../../decisions/verdict.js'
import { facts, table } from '../../elements.js'
import { count, measure } from '../../format.js'
import { html, type Markup } from '../../markup.js'
import type { Section } from '../section.js'

/** One-sided 95 % of the normal distribution. */
const Z_95 = 1.6449

/** How good the champion was on live rows, and how good the candidate is beside champion and rule. */
export function performanceSection({ evidence, judgement }: RunRecord): Section | undefined {
  const live = evidence?.performance ?? null
  if (live === null && judgement === null) return undefined
  const body = html`${judgement !== null && comparison(judgement)}
${live !== null && html`<h3>The champion on live rows</h3>${livePerformance(live)}`}`
  return { id: 'performance', title: 'Performance', body }
}

function comparison({ metrics, holdoutRows, champion }: Judgement): Markup {
  const names = [...new Set(Object.values(metrics).flatMap(Object.keys))]
  const difference = (name: string) => {
    const [candidate, before] = [metrics.candidate[name], metrics.champion[name]]
    return candidate === undefined || before === undefined ? '–' : signed(candidate - before)
  }
  return table({
    caption: `On the same ${count(holdoutRows)} rows of the holdout, which no training saw. Bounds stand with the gates below.`,
    columns: [
      { title: 'Metric' },
      { title: 'Rule', kind: 'number' },
      { title: `Champion, version ${champion.version}`, kind: 'number' },
      { title: 'Candidate', kind: 'number' },
      { title: 'Candidate − champion', kind: 'number' },
    ],
    rows: names.map((name) => [
      name,
      measure(metrics.baseline[name]),
      measure(metrics.champion[name]),
      measure(metrics.candidate[name]),
      difference(name),
    ]),
  })
}

const signed = (value: number): string => (value > 0 ? `+${measure(value)}` : measure(value))

function livePerformance(live: LivePerformance): Markup {
  return facts([
    ['When examined', `${live.metric} ${measure(live.reference)} on ${count(live.referenceRows)} rows`],
    ['Now', `${live.metric} ${measure(live.live)} on ${count(live.liveRows)} rows`],
    ['Loss', lossText(live)],
  ])
}

/** The loss with its one-sided bound, which follows from the loss in units of its standard error. */
export function lossText({ drop, z }: LivePerformance): string {
  const told = `${measure(drop)}, ${measure(z)} standard errors`
  if (z === 0 || !Number.isFinite(z)) return told
  return `${told}; with 95 % confidence at least ${measure(drop - (Z_95 * drop) / z)}`
}
