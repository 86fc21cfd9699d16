import { unreachable } from '../../errors.js'
import { badge } from '../elements.js'
import { html, type Markup, type Part } from '../markup.js'
import type { LiveStatus } from '../overview.js'

/** What a model does now: the running run with its stage, what waits, and whether it is paused. */
export function liveText(live: LiveStatus): Part {
  switch (live.kind) {
    case 'unknown':
      return badge('unknown', 'warn')
    case 'idle':
      return html`<span class="muted">idle</span>`
    case 'known':
      return knownText(live)
    default:
      return unreachable(live)
  }
}

function knownText({ steward, run }: Extract<LiveStatus, { kind: 'known' }>): Markup {
  const { running, pending, paused } = steward
  const waiting = pending === null ? null : `${pending.count} waiting: ${pending.reasons.join('; ')}`
  return html`${paused && html`${badge('paused', 'warn')} `}${
    running === null
      ? html`<span class="muted">idle</span>`
      : html`run ${running.run}${run !== null && `: ${run.stage}`}`
  }${run?.waitingFor != null && html`<span class="sub">waits for ${run.waitingFor}</span>`}${
    waiting !== null && html`<span class="sub">${waiting.length > 120 ? `${waiting.slice(0, 119)}…` : waiting}</span>`
  }`
}
