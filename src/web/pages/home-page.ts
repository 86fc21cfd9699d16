import { outcomeBadge } from '../badges.js'
import { badge, link, table } from '../elements.js'
import { ago, countOf, day, measure, moment } from '../format.js'
import { page } from '../layout.js'
import { html, type Part } from '../markup.js'
import type { ModelOverview, Overview } from '../overview.js'
import { modelAddress, runAddress } from './addresses.js'
import { liveText } from './live-text.js'
import { doorText, spoolSection } from './waiting-text.js'

/** The status page: one line for each model. */
export function homePage(overview: Overview, now: Date): string {
  const unknown = overview.models.find(({ live }) => live.kind === 'unknown')
  return page(
    {
      title: 'Refit: models',
      footer: html`As of ${moment(now.toISOString())} UTC. <a href="/api/models">The same as JSON</a>.`,
    },
    html`<h1>Models</h1>
${unknown?.live.kind === 'unknown' && html`<p class="notice" role="status">What runs now is unknown. ${unknown.live.why}</p>`}
<form role="search"><input name="search" type="search" aria-label="Search models" placeholder="name, owner or purpose" value="${overview.search}">
<button>Search</button></form>
${overview.total === 0 ? nothingFound(overview) : modelsTable(overview, now)}
${overview.pages > 1 && pager(overview)}
${spoolSection(overview.spool, now)}`,
  )
}

function nothingFound({ search }: Overview): Part {
  return search === ''
    ? html`<p>No model yet. Write a spec with <code>refit init</code> and apply it with <code>refit apply</code>.</p>`
    : html`<p>No model matches “${search}”. <a href="/">All models</a></p>`
}

function modelsTable({ models, total }: Overview, now: Date): Part {
  return table({
    caption: countOf(total, 'model'),
    columns: [
      { title: 'Model' },
      { title: 'Champion', kind: 'short' },
      { title: 'Metric', kind: 'short' },
      { title: 'Age', kind: 'short' },
      { title: 'Last run', kind: 'short' },
      { title: 'Now' },
    ],
    rows: models.map((model) => row(model, now)),
  })
}

function row(model: ModelOverview, now: Date): readonly Part[] {
  const { champion, lastRun } = model
  const metric = champion?.metric
  return [
    html`<a href="${modelAddress(model.model)}">${model.model}</a><span class="sub">${model.description}</span>`,
    champion === null
      ? badge('none', 'warn')
      : html`version ${champion.version}${champion.version === 0 && html`<span class="sub">the rule</span>`}`,
    metric == null ? '–' : html`${metric.name} ${measure(metric.value)}`,
    champion === null
      ? '–'
      : html`${ago(champion.since, now)}<span class="sub">${champion.trainedThrough !== null && html`data through ${day(champion.trainedThrough)}`}</span>`,
    lastRun === null
      ? 'none'
      : html`${outcomeBadge(lastRun.outcome)}<span class="sub">${link(runAddress(model.model, lastRun.run), `run ${lastRun.run}`)}, ${ago(lastRun.endedAt ?? lastRun.startedAt, now)}</span>`,
    html`${liveText(model.live, now, 'brief')}${doorText(model.waiting, now)}`,
  ]
}

function pager({ page: current, pages, search }: Overview): Part {
  const to = (target: number) => `/?search=${encodeURIComponent(search)}&page=${target}`
  return html`<nav aria-label="Pages"><p>Page ${current} of ${pages}
${current > 1 && html`· <a href="${to(current - 1)}" rel="prev">previous</a>`}
${current < pages && html`· <a href="${to(current + 1)}" rel="next">next</a>`}</p></nav>`
}
