/** The few elements that all pages are built from. */
import { html, type Markup, type Part } from './markup.js'

/** How something turned out. The word always says it; colour only repeats it. */
export type Tone = 'good' | 'bad' | 'warn' | 'quiet'

const SIGNS: Record<Tone, string> = { good: '✓', bad: '✕', warn: '!', quiet: '–' }

/** A word with its tone. */
export const badge = (text: string, tone: Tone): Markup =>
  html`<span class="badge ${tone}"><span aria-hidden="true">${SIGNS[tone]}</span> ${text}</span>`

/** A column of a table. Numbers stand right-aligned; what is short stays on one line. */
export interface TableColumn {
  readonly title: string
  readonly kind?: 'text' | 'short' | 'number'
}

/** What a table shows. The first cell of a row names it; `total` is a last row that sums up. */
export interface TableContent {
  readonly caption: string
  readonly columns: readonly TableColumn[]
  readonly rows: readonly (readonly Part[])[]
  readonly total?: readonly Part[]
  readonly className?: string
}

/** A table that scrolls by itself where the page is narrow. */
export function table({ caption, columns, rows, total, className }: TableContent): Markup {
  const classOf = (index: number) => columns[index]?.kind ?? 'text'
  const cells = (row: readonly Part[]) =>
    row.map((cell, index) =>
      index === 0
        ? html`<th scope="row" class="${classOf(index)}">${cell}</th>`
        : html`<td class="${classOf(index)}">${cell}</td>`,
    )
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table class="${className}">
<caption>${caption}</caption>
<thead><tr>${columns.map(({ title }, index) => html`<th scope="col" class="${classOf(index)}">${title}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`<tr>${cells(row)}</tr>
`,
  )}${total && html`<tr class="total">${cells(total)}</tr>`}</tbody>
</table></div>`
}

/** Names and values, one pair a line; pairs without a value are left out. */
export function facts(pairs: readonly (readonly [Part, Part])[], className = 'facts'): Markup {
  const told = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '')
  if (told.length === 0) return html``
  return html`<dl class="${className}">${told.map(([name, value]) => html`<div class="pair"><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

/** A list of sentences. */
export const list = (sentences: readonly Part[]): Markup =>
  html`<ul>${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`

/** A link, or only its text when the address is not to be followed. */
export const link = (address: string | undefined, text: Part): Part =>
  address === undefined ? text : html`<a href="${address}">${text}</a>`
