import type { RunRecord } from '../../../decisions/run-record.js'
import type { GateResult, Judgement } from '../../../decisions/verdict.js'
import { verdictBadge } from '../../badges.js'
import { facts, table } from '../../elements.js'
import { count, countOf, measure, moment } from '../../format.js'
import { html, type Markup, type Part } from '../../markup.js'
import { gateInterval } from '../charts/gate-interval.js'
import type { Section } from '../section.js'

/** What was required of the candidate and what was found, gate by gate, and what people said. */
export function gatesSection(record: RunRecord): Section | undefined {
  const { judgement } = record
  if (judgement === null) return undefined
  const body = html`<p>${verdictBadge(judgement.verdict)} against champion version ${judgement.champion.version} (move ${judgement.champion.aliasSeq}), on ${count(judgement.holdoutRows)} rows.</p>
${gatesTable(judgement)}
<p class="note">In the intervals the upright line is the limit, the dot the estimate, the other end its one-sided bound; right of the limit is the side that passes. Each row is scaled by itself.</p>
${followed(record)}`
  return { id: 'gates', title: 'Gates', body }
}

function gatesTable({ gates }: Judgement): Markup {
  return table({
    caption: countOf(gates.length, 'gate'),
    columns: [
      { title: 'Gate' },
      { title: 'Verdict' },
      { title: 'Interval' },
      { title: 'Estimate', kind: 'number' },
      { title: 'Bound', kind: 'number' },
      { title: 'Limit', kind: 'number' },
      { title: 'Rows', kind: 'number' },
    ],
    rows: gates.map(gateRow),
  })
}

const gateRow = (gate: GateResult): readonly Part[] => [
  html`${gate.gate} ${gate.title}<span class="sub">${gate.text}</span>`,
  verdictBadge(gate.verdict),
  html`<div class="interval">${gateInterval(gate)}</div>`,
  measure(gate.estimate),
  measure(gate.bound),
  measure(gate.limit),
  count(gate.rows),
]

function followed({ approval, promotion, version }: RunRecord): Markup {
  return facts([
    ['Registered as', version === null ? 'not registered' : `version ${version}`],
    ['Approval', approval && `${approval.verdict} by ${approval.actor}, ${moment(approval.at)}: ${approval.reason}`],
    [
      'Promotion',
      promotion &&
        `version ${promotion.to} instead of ${promotion.from ?? 'none'}, move ${promotion.aliasSeq} of the alias`,
    ],
  ])
}
