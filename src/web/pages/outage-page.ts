import { table } from '../elements.js'
import { countOf, moment } from '../format.js'
import { page } from '../layout.js'
import { html, type Part } from '../markup.js'
import type { OutageOverview } from '../overview.js'
import { runText } from './live-text.js'
import { spoolSection } from './waiting-text.js'

/** The status page while the store is away: why, what waits for it, how much and since when. */
export function outagePage({ reason, spool, runs }: OutageOverview, now: Date): string {
  return page(
    { title: 'Refit: the store does not answer', footer: html`As of ${moment(now.toISOString())} UTC.` },
    html`<h1>The store does not answer</h1>
<p class="lead">${reason}</p>
<p>Nothing is lost meanwhile: runs wait and go on, files stay where they are, and pushes go to the rescue spool where there is one.</p>
<section><h2>Runs that wait</h2>${runsTable(runs, now)}</section>
${spoolSection(spool, now)}`,
  )
}

function runsTable(runs: OutageOverview['runs'], now: Date): Part {
  if (runs === null)
    return html`<p class="notice" role="status">What runs now is unknown: Temporal does not answer either.</p>`
  if (runs.length === 0) return html`<p>No run is open.</p>`
  return table({
    caption: countOf(runs.length, 'run'),
    columns: [{ title: 'Model' }, { title: 'Where it is' }],
    rows: runs.map((run) => [run.model, html`run ${run.run ?? 'without a number yet'}${runText(run, now, 'full')}`]),
  })
}
