import { unreachable } from '../../errors.js'
import type { FailingWork, RunStatus } from '../../workflows/messages.js'
import { badge } from '../elements.js'
import { ago, countOf, moment } from '../format.js'
import { html, type Markup, type Part } from '../markup.js'
import type { LiveStatus } from '../overview.js'

/** A line of a list says no more than it must; what is left out stands on the page of the model. */
export type Detail = 'brief' | 'full'

/** What a model does now: the running run with its stage, what waits, and whether it is paused. */
export function liveText(live: LiveStatus, now: Date, detail: Detail): Part {
  switch (live.kind) {
    case 'unknown':
      return badge('unknown', 'warn')
    case 'idle':
      return html`<span class="muted">idle</span>`
    case 'known':
      return knownText(live, now, detail)
    default:
      return unreachable(live)
  }
}

function knownText({ steward, run }: Extract<LiveStatus, { kind: 'known' }>, now: Date, detail: Detail): Markup {
  const { running, pending, paused } = steward
  const waiting = pending === null ? null : `${pending.count} waiting: ${pending.reasons.join('; ')}`
  return html`${paused && html`${badge('paused', 'warn')} `}${
    running === null
      ? html`<span class="muted">idle</span>`
      : html`run ${running.run}${run !== null && runText(run, now, detail)}`
  }${waiting !== null && html`<span class="sub">${shortened(waiting)}</span>`}`
}

/** Since when, as a moment and as a span; as a span alone where there is little room. */
export const sinceText = (since: string, now: Date, detail: Detail): string =>
  detail === 'brief' ? `since ${ago(since, now)}` : `since ${moment(since)} (${ago(since, now)})`

/** Where a run is, how far, and what it waits for and since when. */
export function runText(run: RunStatus, now: Date, detail: Detail): Markup {
  const { stage, since, progress, waitingFor, failing } = run
  const far = progress == null ? '' : `, ${progress}`
  const place = html`: ${stage}<span class="sub">${sinceText(since, now, detail)}${far}</span>`
  if (failing !== undefined) return html`${place}<span class="sub">${failingText(failing, now, detail)}</span>`
  return html`${place}${waitingFor !== null && html`<span class="sub">${badge('waits', 'warn')} for ${waitingFor}</span>`}`
}

const WHOM: Readonly<Record<string, string>> = {
  StoreUnavailable: 'the store',
  SourceUnavailable: 'the source',
  UnreadableSource: 'the source',
}

function failingText({ work, count, since, code, reason }: FailingWork, now: Date, detail: Detail): Markup {
  const whom = WHOM[code ?? ''] ?? 'work that failed'
  const what = work === 'ingestBatch' ? `${countOf(count, 'batch', 'batches')} to bring in` : work
  const why = detail === 'full' && html`. ${reason}`
  return html`${badge('waits', 'warn')} for ${whom} ${sinceText(since, now, detail)}: ${what}${why}`
}

const shortened = (text: string): string => (text.length > 120 ? `${text.slice(0, 119)}…` : text)
