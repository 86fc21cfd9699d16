import type { RunRecord } from '../../../decisions/run-record.js'
import { facts, link } from '../../elements.js'
import { moment } from '../../format.js'
import { html, safeAddress } from '../../markup.js'
import { workflowAddress } from '../../pages/addresses.js'
import type { Section } from '../section.js'

/** Why the run happened and who asked. */
export function whySection(record: RunRecord, temporalUi: string | undefined): Section {
  const workflow = safeAddress(workflowAddress(temporalUi, record.workflowId))
  return {
    id: 'why',
    title: 'Why it ran',
    body: facts([
      ['Trigger', record.trigger],
      ['Reason', record.reason || 'none given'],
      ['Asked by', record.actor],
      ['Started', moment(record.startedAt)],
      ['Ended', record.endedAt === null ? 'still open' : moment(record.endedAt)],
      ['Workflow', link(workflow, html`<code>${record.workflowId}</code>`)],
    ]),
  }
}
