/** The report of a run: one HTML file that needs nothing else, for people who were not there. */
import type { RunRecord } from '../../decisions/run-record.js'
import { page } from '../layout.js'
import { html } from '../markup.js'
import type { Section } from './section.js'
import { dataSection } from './sections/data.js'
import { decisionSection } from './sections/decision.js'
import { driftSection } from './sections/drift.js'
import { gatesSection } from './sections/gates.js'
import { lineageSection } from './sections/lineage.js'
import { modelCardSection } from './sections/model-card.js'
import { performanceSection } from './sections/performance.js'
import { stagesSection } from './sections/stages.js'
import { breadcrumbs, summary } from './sections/summary.js'
import { trainingSection } from './sections/training.js'
import { unexaminedSection } from './sections/unexamined.js'
import { whySection } from './sections/why.js'

/** What the record does not hold. */
export interface ReportOptions {
  /** Address of the status page, for links back. */
  readonly statusPage?: string
  /** Address of the Temporal UI up to the namespace, for a link to the run's workflow. */
  readonly temporalUi?: string
}

/** Draws the report from the record alone. Parts that the run did not reach are left out and listed at the end. */
export function renderReport(record: RunRecord, options: ReportOptions = {}): string {
  const sections = [
    whySection(record, options.temporalUi),
    dataSection(record),
    driftSection(record),
    performanceSection(record),
    decisionSection(record),
    trainingSection(record),
    gatesSection(record),
    modelCardSection(record),
    lineageSection(record),
    stagesSection(record),
    unexaminedSection(record),
  ].filter((section) => section !== undefined)
  return page(
    {
      title: `${record.model}, run ${record.run}`,
      crumbs: breadcrumbs(record, options.statusPage),
      footer: footerOf(record),
    },
    html`${summary(record)}
<nav aria-label="Contents"><ul class="contents">${sections.map(
      ({ id, title }) => html`<li><a href="#${id}">${title}</a></li>
`,
    )}</ul></nav>
${sections.map(sectionMarkup)}`,
  )
}

const sectionMarkup = ({ id, title, body }: Section) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>
`

const footerOf = (record: RunRecord): string =>
  `Written by Refit from the record of run ${record.run} of ${record.model}, spec revision ${record.spec.revision}.`
