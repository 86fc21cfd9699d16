/** What waits, in words: in the inbox, in quarantine, in the spool. */
import type { Waiting } from '../../spool/room.js'
import type { ModelWaiting } from '../../stages/waiting.js'
import { badge, facts, link } from '../elements.js'
import { countOf, share, size } from '../format.js'
import { html, type Markup, type Part } from '../markup.js'
import type { SpoolStatus } from '../overview.js'
import { modelAddress } from './addresses.js'
import { type Detail, sinceText } from './live-text.js'

/** Pushes that no run has brought in; nothing where none wait. */
export function inboxText({ pushes }: ModelWaiting, now: Date, detail: Detail): string | null {
  if (pushes === null || pushes.arrivals === 0) return null
  return `${countOf(pushes.arrivals, 'push', 'pushes')}${fromThen(pushes.since, now, detail)}`
}

/** Rows, and files that could not be read, that wait for a person; nothing where none wait. */
export function quarantineText({ quarantine }: ModelWaiting, now: Date, detail: Detail): string | null {
  const { batches, rows, unreadable, since } = quarantine
  if (batches === 0) return null
  const parts = [
    ...(rows > 0 ? [`${countOf(rows, 'row')} of ${countOf(batches - unreadable, 'batch', 'batches')}`] : []),
    ...(unreadable > 0 ? [`${countOf(unreadable, 'unreadable batch', 'unreadable batches')}`] : []),
  ]
  return `${parts.join(', ')}${fromThen(since, now, detail)}`
}

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
  const named = Object.entries(models).map(([model, waiting]): readonly [Part, Part] => [
    link(modelAddress(model), model),
    spooledText(waiting, now),
  ])
  return html`<section><h2>In the rescue spool</h2>
${warnings.map((warning) => html`<p class="notice" role="status">${warning}</p>`)}
<p>${spooledText(total, now) ?? 'Nothing waits'}: ${share(total.bytes / limits.maxBytes)} of its ${size(limits.maxBytes)}.
What waits goes into the inbox by itself when the store answers.</p>
${facts(named)}<p class="note">${location}</p></section>`
}
