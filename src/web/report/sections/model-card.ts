import type { RunRecord } from '../../../decisions/run-record.js'
import { facts, list } from '../../elements.js'
import { count, measure, moment } from '../../format.js'
import type { Part } from '../../markup.js'
import type { Section } from '../section.js'

/** The model in short, for those who rely on it: what it is for, what it learned from, how good it is, and its limits. */
export function modelCardSection(record: RunRecord): Section | undefined {
  const { judgement, training, selection, spec } = record
  if (training === null) return undefined
  return {
    id: 'model-card',
    title: 'Model card',
    body: facts([
      [
        'Model',
        record.version === null ? 'a candidate that was not registered' : `${record.model}, version ${record.version}`,
      ],
      ['Intended use', spec.description],
      ['Made by', `${training.trainer}, spec revision ${spec.revision}`],
      [
        'Learned from',
        selection && `${count(selection.trainingRows)} rows, ${moment(selection.from)} to ${moment(selection.to)}`,
      ],
      ['Examined on', judgement && `${count(judgement.holdoutRows)} later rows that it never saw`],
      ['Metrics', judgement && metricsText(judgement.metrics.candidate)],
      ['Costs counted in', spec.businessUnit],
      ['Limits', limits(record)],
    ]),
  }
}

const metricsText = (metrics: Readonly<Record<string, number>>): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${measure(value)}`)
    .join(', ')

function limits({ judgement, selection }: RunRecord): Part {
  const unproven = (judgement?.gates ?? []).filter(({ verdict }) => verdict !== 'pass')
  const sentences = unproven.map(({ gate, title, verdict, text }) => `${gate} ${title}, ${verdict}: ${text}`)
  if (selection !== null && selection.to !== null) {
    sentences.push(`It knows nothing of what happened after ${moment(selection.to)}.`)
  }
  return list(sentences.length === 0 ? ['None was found by the gates.'] : sentences)
}
