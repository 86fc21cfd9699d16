import type { RunRecord } from '../../../decisions/run-record.js'
import { list } from '../../elements.js'
import { count } from '../../format.js'
import { html } from '../../markup.js'
import type { Section } from '../section.js'

/** What nobody should take as examined. */
export function unexaminedSection(record: RunRecord): Section {
  const sentences = unexamined(record)
  const body = html`${sentences.length === 0 ? '' : list(sentences)}<p>${BEYOND}</p>`
  return { id: 'unexamined', title: 'What was not examined', body }
}

/** What no gate of this version looks at, so that nobody takes a pass for more than it is. */
const BEYOND =
  'No gate of this version looks at slices, fairness, behaviour on hand-written cases, leaks and shortcuts, latency, ' +
  'calibration or explanations.'

/** One sentence for each examination that was not made or could not decide. */
export function unexamined(record: RunRecord): readonly string[] {
  const { ingested, evidence, decision, training, judgement } = record
  const stops: readonly (readonly [boolean, string])[] = [
    [ingested === null, 'New data: the run ended before it looked for any.'],
    [evidence === null, 'Drift and live performance: the run ended before they were measured.'],
    [decision === null, 'Whether retraining is due: nothing was decided.'],
    [
      decision !== null && decision.verdict !== 'none' && training === null,
      'A candidate: the training did not finish.',
    ],
    [training !== null && judgement === null, 'The candidate: it was trained but no gate was judged.'],
  ]
  return [
    ...stops.flatMap(([applies, sentence]) => (applies ? [sentence] : [])),
    ...unreadableBatches(record),
    ...unmeasured(record),
    ...undecidedGates(record),
  ]
}

function unreadableBatches({ ingested }: RunRecord): readonly string[] {
  const unreadable = (ingested ?? []).filter((batch) => batch.unreadable !== null)
  return unreadable.map(({ path }) => `The rows of ${path}: it could not be read and is kept in quarantine.`)
}

function unmeasured({ evidence }: RunRecord): readonly string[] {
  if (evidence === null) return []
  const { features, scores, label, performance, liveRows } = evidence
  const insufficient = features.filter(({ level }) => level === 'insufficient').map(({ column }) => column)
  const gaps: readonly (readonly [boolean, string])[] = [
    [features.length === 0, 'Drift of the features: there was no reference or no row to compare.'],
    [insufficient.length > 0, `Drift of ${insufficient.join(', ')}: ${count(liveRows)} rows are too few to say.`],
    [scores === null, 'Drift of the scores: there was no reference or no row to compare.'],
    [label === null, 'A shift of the labels: they are not known yet.'],
    [performance === null, 'Performance of the champion on live rows: their labels are not known yet, or are too few.'],
  ]
  return gaps.flatMap(([applies, sentence]) => (applies ? [sentence] : []))
}

function undecidedGates({ judgement }: RunRecord): readonly string[] {
  const undecided = (judgement?.gates ?? []).filter(({ verdict }) => verdict === 'inconclusive' || verdict === 'error')
  return undecided.map(({ gate, title, verdict }) =>
    verdict === 'error'
      ? `${gate} ${title}: the examination itself failed.`
      : `${gate} ${title}: the evidence could not decide.`,
  )
}
