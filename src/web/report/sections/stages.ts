import type { RunRecord } from '../../../decisions/run-record.js'
import { table } from '../../elements.js'
import { span } from '../../format.js'
import { html } from '../../markup.js'
import type { Section } from '../section.js'

/** How long each stage took. */
export function stagesSection({ stages }: RunRecord): Section | undefined {
  if (stages.length === 0) return undefined
  const total = stages.reduce((sum, { seconds }) => sum + seconds, 0)
  const longest = Math.max(...stages.map(({ seconds }) => seconds))
  const width = (seconds: number) => (longest > 0 ? (seconds / longest) * 100 : 0).toFixed(1)
  const body = table({
    caption: `${span(total)} in all`,
    className: 'bars',
    columns: [{ title: 'Stage' }, { title: 'Took', kind: 'number' }, { title: 'Share' }, { title: 'What happened' }],
    rows: stages.map(({ stage, seconds, text }) => [
      stage,
      span(seconds),
      html`<span class="bar" style="width: ${width(seconds)}%"></span>`,
      text,
    ]),
  })
  return { id: 'stages', title: 'Stages', body }
}
