import type { RunRecord } from '../../../decisions/run-record.js'
import { facts } from '../../elements.js'
import { count, measure, moment, span, words } from '../../format.js'
import { html } from '../../markup.js'
import type { Section } from '../section.js'

/** What was trained, on which rows, and how it went. */
export function trainingSection({ selection, training }: RunRecord): Section | undefined {
  if (selection === null && training === null) return undefined
  const body = html`${training !== null && html`<p>${training.summary}</p>`}
${selection !== null && facts(selectionFacts(selection))}
${training !== null && facts(trainingFacts(training))}`
  return { id: 'training', title: 'Training', body }
}

const selectionFacts = (selection: NonNullable<RunRecord['selection']>) =>
  [
    ['Event times', `${moment(selection.from)} to ${moment(selection.to)}`],
    ['Training rows', `${count(selection.trainingRows)}, ${count(selection.oldRows)} of them old`],
    ['Validation rows', count(selection.validationRows)],
    ['Holdout rows', count(selection.holdoutRows)],
  ] as const

const trainingFacts = (training: NonNullable<RunRecord['training']>) =>
  [
    ['Trainer', training.trainer],
    ['Mode', words(training.mode)],
    ['Began with', training.parent === null ? 'nothing' : `version ${training.parent}`],
    ['Rows trained', count(training.rows)],
    ['Took', span(training.seconds)],
    ['Attempts', count(training.attempts)],
    ['Resumed from', training.resumedFrom],
    [
      'Trained against exported',
      training.parity === null ? 'not compared' : `differ by ${measure(training.parity)} at most`,
    ],
    ['On validation', metricsText(training.metrics)],
  ] as const

const metricsText = (metrics: Readonly<Record<string, number>>): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${measure(value)}`)
    .join(', ')
