/** What waits, in words: in the inbox, in quarantine, in the spool. */
import { modelOf } from '../../spec/datasets.js'
import type { Waiting } from '../../spool/room.js'
import type { ModelWaiting } from '../../stages/waiting.js'
import { badge, facts, link } from '../elements.js'
import { countOf, share, size } from '../format.js'
import { html, type Markup, type Part } from '../markup.js'
import type { SpoolStatus } from '../overview.js'
import { type WaitingWords, waitingWords } from '../waiting-words.js'
import { modelAddress } from './addresses.js'
import { type Detail, sinceText } from './live-text.js'

/** What waits of a model at a place, a line for its rows and for each feed; null where nothing does. */
export function placeText(waiting: ModelWaiting, place: WaitingWords['place'], now: Date): Part {
  const lines = waitingWords(waiting).filter((words) => words.place === place)
  if (lines.length === 0) return null
  return html`${lines.map((line) =>
    line.feed === null ? lineText(line, now, 'full') : html`<span class="sub">${lineText(line, now, 'full')}</span>`,
  )}`
}

/** What waits of a model, wherever it does: a line for each, as there is little room. */
export const doorText = (waiting: ModelWaiting, now: Date): Part =>
  html`${waitingWords(waiting).map(
    (line) => html`<span class="sub">${PLACES[line.place]}: ${lineText(line, now, 'brief')}</span>`,
  )}`

const PLACES = { inbox: 'in the inbox', quarantine: 'in quarantine' } as const

const lineText = ({ feed, what, since }: WaitingWords, now: Date, detail: Detail): string =>
  `${feed === null ? '' : `answers of ${feed}: `}${what}${fromThen(since, now, detail)}`

/** Pushes in the spool; nothing where none wait. */
export function spooledText(waiting: Waiting | null, now: Date): string | null {
  if (waiting === null || waiting.pushes === 0) return null
  return `${countOf(waiting.pushes, 'push', 'pushes')} (${size(waiting.bytes)})${fromThen(waiting.since, now, 'full')}`
}

const fromThen = (since: string | null, now: Date, detail: Detail): string =>
  since === null ? '' : `, ${sinceText(since, now, detail)}`

/** What the rescue spool holds, its bound, and what is wrong with it; a word where nothing waits. */
export function spoolSection(spool: SpoolStatus, now: Date): Markup | null {
  if (spool === null) return null
  if ('error' in spool) return html`<p class="notice" role="status">${badge('The spool', 'bad')} ${spool.error}</p>`
  const { total, limits, models, warnings, location } = spool
  if (total.pushes === 0 && warnings.length === 0) {
    return html`<p class="note">Rescue spool: nothing waits. It has room for ${size(limits.maxBytes)}.</p>`
  }
  // Those of a feed wait under the name of its dataset.
  const named = Object.entries(models).map(([model, waiting]): readonly [Part, Part] => [
    link(modelAddress(modelOf(model)), model),
    spooledText(waiting, now),
  ])
  return html`<section><h2>In the rescue spool</h2>
${warnings.map((warning) => html`<p class="notice" role="status">${warning}</p>`)}
<p>${spooledText(total, now) ?? 'Nothing waits'}: ${share(total.bytes / limits.maxBytes)} of its ${size(limits.maxBytes)}.
What waits goes into the inbox by itself when the store answers.</p>
${facts(named)}<p class="note">${location}</p></section>`
}
