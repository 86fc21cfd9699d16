import type { AliasMove, Version } from '../../registry/registry.js'
import type { RunSummary } from '../../stages/summaries.js'
import { stewardId } from '../../workflows/messages.js'
import { outcomeBadge } from '../badges.js'
import { facts, link, table } from '../elements.js'
import { ago, count, countOf, measure, moment } from '../format.js'
import { page } from '../layout.js'
import { html, type Part } from '../markup.js'
import type { ModelDetail } from '../overview.js'
import { runAddress, workflowAddress } from './addresses.js'
import { liveText } from './live-text.js'
import { placeText, spooledText } from './waiting-text.js'

/** The page of one model: what serves, what runs, all versions, all moves of the champion, all runs. */
export function modelPage(
  detail: ModelDetail,
  { now, temporalUi }: { now: Date; temporalUi?: string | undefined },
): string {
  const { model } = detail
  const footer = html`As of ${moment(now.toISOString())} UTC. <a href="/api/models/${model}">The same as JSON</a>.`
  return page(
    { title: `Refit: ${model}`, crumbs: html`<a href="/">Models</a>`, footer },
    html`<h1>${model}</h1>
<p class="lead">${detail.description}</p>
${detail.live.kind === 'unknown' && html`<p class="notice" role="status">What runs now is unknown. ${detail.live.why}</p>`}
${facts([
  ['Now', liveText(detail.live, now, 'full')],
  ['In the spool', spooledText(detail.spooled, now)],
  ['In the inbox', placeText(detail.waiting, 'inbox', now)],
  ['In quarantine', quarantineHint(detail, now)],
  ['Champion', championText(detail, now)],
  ['Challenger', versionText(detail.aliases.challenger?.version)],
  ['Anchor', versionText(detail.aliases.anchor?.version)],
  ['Owner', detail.owner],
  ['Spec', `revision ${detail.specRevision}`],
  ['Steward', link(workflowAddress(temporalUi, stewardId(model)), stewardId(model))],
])}
<section><h2>Runs</h2>${runsTable(model, detail.runs, now)}</section>
<section><h2>Versions</h2>${versionsTable(model, detail.versions)}</section>
<section><h2>Moves of the champion</h2>${movesTable(detail.history)}</section>`,
  )
}

function quarantineHint({ model, waiting }: ModelDetail, now: Date): Part {
  const text = placeText(waiting, 'quarantine', now)
  return text && html`${text}<span class="sub">look at it with <code>refit quarantine list ${model}</code></span>`
}

const versionText = (version: number | undefined): Part => (version === undefined ? null : `version ${version}`)

function championText({ champion }: ModelDetail, now: Date): Part {
  if (champion === null) return 'none yet'
  const { metric, trainedThrough } = champion
  return html`version ${champion.version}${champion.version === 0 && ' (the rule)'}, since ${ago(champion.since, now)}${
    metric !== null && html`; ${metric.name} ${measure(metric.value)}`
  }${trainedThrough !== null && html`; data through ${moment(trainedThrough)}`}`
}

function runsTable(model: string, runs: readonly RunSummary[], now: Date): Part {
  if (runs.length === 0) return html`<p>No run yet. Start one with <code>refit run ${model}</code>.</p>`
  return table({
    caption: `${countOf(runs.length, 'run')}, newest first`,
    columns: [
      { title: 'Run' },
      { title: 'Outcome' },
      { title: 'Why it ran' },
      { title: 'Version', kind: 'number' },
      { title: 'Started', kind: 'short' },
    ],
    rows: runs.map((run) => [
      html`<a href="${runAddress(model, run.run)}">${run.run}</a>`,
      html`${outcomeBadge(run.outcome)}<span class="sub">${run.outcomeReason}</span>`,
      html`${run.trigger}<span class="sub">${run.reason}</span>`,
      run.version ?? '–',
      html`${moment(run.startedAt)}<span class="sub">${ago(run.startedAt, now)}</span>`,
    ]),
  })
}

function versionsTable(model: string, versions: readonly Version[]): Part {
  if (versions.length === 0) return html`<p>No version yet.</p>`
  return table({
    caption: `${countOf(versions.length, 'version')}, newest first`,
    columns: [
      { title: 'Version', kind: 'short' },
      { title: 'Metrics on its holdout' },
      { title: 'Trained on', kind: 'short' },
      { title: 'Rows', kind: 'number' },
      { title: 'Made by' },
      { title: 'Registered', kind: 'short' },
    ],
    rows: versions.map((version) => [
      version.version,
      metricsText(version.metrics),
      version.trainedThrough === undefined
        ? '–'
        : html`${moment(version.trainedFrom)}<span class="sub">through ${moment(version.trainedThrough)}</span>`,
      count(version.trainingRows),
      html`${version.run === undefined ? version.package.predictor.kind : link(runAddress(model, version.run), `run ${version.run}`)}${
        version.parent !== undefined && html`<span class="sub">from version ${version.parent}</span>`
      }`,
      html`${moment(version.registeredAt)}<span class="sub">by ${version.registeredBy}</span>`,
    ]),
  })
}

const metricsText = (metrics: Readonly<Record<string, number>>): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${measure(value)}`)
    .join(', ') || '–'

function movesTable(history: readonly AliasMove[]): Part {
  if (history.length === 0) return html`<p>The champion was never set.</p>`
  return table({
    caption: `${countOf(history.length, 'move')}, newest first`,
    columns: [
      { title: 'Move' },
      { title: 'Version', kind: 'short' },
      { title: 'Why' },
      { title: 'Who' },
      { title: 'When', kind: 'short' },
    ],
    rows: history.map((move) => [
      move.seq,
      move.previous === undefined ? move.version : `${move.previous} → ${move.version}`,
      move.reason,
      move.actor,
      moment(move.at),
    ]),
  })
}
