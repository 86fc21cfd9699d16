import type { IngestedBatch, RunRecord } from '../../../decisions/run-record.js'
import { badge, list, table } from '../../elements.js'
import { count, countOf } from '../../format.js'
import { html, type Markup, type Part } from '../../markup.js'
import type { Section } from '../section.js'

/** What arrived, what was kept of it, and what became of the rest. */
export function dataSection({ ingested, evidence }: RunRecord): Section | undefined {
  if (ingested === null) return undefined
  const problems = evidence?.dataProblems ?? []
  const body = html`${ingested.length === 0 ? html`<p>No batch arrived since the last run.</p>` : batches(ingested)}
${problems.length > 0 && html`<h3>Problems with the data</h3>${list(problems.map(({ text }) => text))}`}`
  return { id: 'data', title: 'Data that arrived', body }
}

function batches(ingested: readonly IngestedBatch[]): Markup {
  const sum = (field: 'rowsIn' | 'kept' | 'quarantined' | 'duplicates') =>
    ingested.reduce((total, batch) => total + batch[field], 0)
  return html`${table({
    caption: `${countOf(ingested.length, 'batch', 'batches')}; each row is kept, in quarantine or a duplicate`,
    columns: [
      { title: 'Batch' },
      { title: 'Commit', kind: 'number' },
      { title: 'Rows in', kind: 'number' },
      { title: 'Kept', kind: 'number' },
      { title: 'Quarantined', kind: 'number' },
      { title: 'Duplicates', kind: 'number' },
      { title: 'Reasons' },
    ],
    rows: ingested.map((batch) => [
      html`<code>${batch.path}</code>`,
      batch.commit,
      count(batch.rowsIn),
      count(batch.kept),
      count(batch.quarantined),
      count(batch.duplicates),
      reasons(batch),
    ]),
    total: [
      'Sum',
      '',
      ...(['rowsIn', 'kept', 'quarantined', 'duplicates'] as const).map((field) => count(sum(field))),
      '',
    ],
  })}
${accounting(sum('rowsIn'), sum('kept') + sum('quarantined') + sum('duplicates'))}`
}

function reasons({ reasons: byRule, unreadable }: IngestedBatch): Part {
  if (unreadable !== null) return html`${badge('unreadable', 'bad')}<span class="sub">${unreadable}</span>`
  const told = Object.entries(byRule).sort(([, left], [, right]) => right - left)
  return told.map(([rule, rows]) => html`<span class="sub">${rule} × ${count(rows)}</span>`)
}

function accounting(rowsIn: number, accounted: number): Markup {
  if (rowsIn === accounted) {
    return html`<p>${badge('Every row is accounted for', 'good')}: ${count(rowsIn)} in, ${count(accounted)} found again.</p>`
  }
  return html`<p>${badge('Rows are missing', 'bad')}: ${count(rowsIn)} in, ${count(accounted)} found again.</p>`
}
