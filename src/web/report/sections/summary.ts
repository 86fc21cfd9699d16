import type { RunRecord } from '../../../decisions/run-record.js'
import type { Verdict } from '../../../decisions/verdict.js'
import { outcomeBadge } from '../../badges.js'
import { facts } from '../../elements.js'
import { measure, moment, span, words } from '../../format.js'
import { html, type Markup, type Part, safeAddress } from '../../markup.js'

/** Where the report belongs, with links where the status page is known. */
export function breadcrumbs(record: RunRecord, statusPage: string | undefined): Part {
  const base = safeAddress(statusPage)?.replace(/\/$/, '')
  if (base === undefined) return `Refit · ${record.model}`
  return html`<a href="${base}/">Models</a> / <a href="${base}/models/${encodeURIComponent(record.model)}">${record.model}</a>`
}

/** What a reader must know first: how it ended, why, and the numbers that decided. */
export function summary(record: RunRecord): Markup {
  return html`<h1>${record.model}, run ${record.run}</h1>
<p class="muted">${outcomeBadge(record.outcome)} · ${moment(record.startedAt)}${record.endedAt !== null && ` · took ${span(secondsBetween(record.startedAt, record.endedAt))}`}</p>
<p class="lead">${record.outcomeReason ?? 'The run is still open.'}</p>
${facts(
  [
    ['Decision', decisionText(record)],
    [`${record.spec.metric} on the holdout`, metricText(record)],
    ['Gates', gatesText(record)],
    ['Champion', championText(record)],
  ],
  'figures',
)}`
}

const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000

/** The decision in two words. */
export function decisionText({ decision }: RunRecord): string | undefined {
  if (decision === null) return undefined
  return decision.way === null ? decision.verdict : `${decision.verdict}: ${words(decision.way)}`
}

function metricText({ judgement, spec }: RunRecord): Part {
  const candidate = judgement?.metrics.candidate[spec.metric]
  if (judgement === null || candidate === undefined) return undefined
  const champion = judgement.metrics.champion[spec.metric]
  return html`${measure(candidate)}${champion !== undefined && html`<span class="sub">champion ${measure(champion)}</span>`}`
}

function gatesText({ judgement }: RunRecord): Part {
  if (judgement === null) return undefined
  const verdicts: readonly Verdict[] = ['pass', 'fail', 'inconclusive', 'error']
  const told = verdicts
    .map((verdict) => ({ verdict, times: judgement.gates.filter((gate) => gate.verdict === verdict).length }))
    .filter(({ times }) => times > 0)
  return told.map(({ verdict, times }) => `${times} ${verdict}`).join(', ')
}

function championText({ promotion, judgement, evidence }: RunRecord): Part {
  if (promotion !== null) {
    return promotion.from === null ? `version ${promotion.to}` : `version ${promotion.from} → ${promotion.to}`
  }
  const version = judgement?.champion.version ?? evidence?.champion.version
  return version === undefined ? undefined : `version ${version} stays`
}
