/** What the data of a spec look like, in words: counts, and what about them should make its owner think. */
import type { SourceMeasure } from '../data/measure/measure.js'
import { unreachable } from '../errors.js'
import type { SpecProblem } from '../spec/problem.js'
import type { ModelSpec } from '../spec/spec.js'

/** Reasons that are named; a broken file can break dozens of rules. */
const NAMED_REASONS = 3
/** Positives below which a holdout of a tenth has too few to tell two models apart. */
const FEW_POSITIVES = 1000

/** The counts as aligned lines. */
export function describeSource(measure: SourceMeasure): readonly string[] {
  const { files, filesRead, rows, from, to, quarantineShare, labelled, positives, unreadable } = measure
  const sound = Math.round(rows * (1 - quarantineShare))
  const times = from === null || to === null ? '' : `, ${day(from)} to ${day(to)}`
  const sample = filesRead < files ? ` of ${files.toLocaleString('en-US')}` : ''
  return [
    `  data        ${count(rows, 'row')} in ${count(filesRead, 'file')}${sample}${times}`,
    ...unreadable.map(({ path, reason }) => `  unreadable  ${path}: ${reason}`),
    `  quarantine  ${percent(quarantineShare)} of the rows${reasonsOf(measure)}`,
    `  labelled    ${percent(ratio(labelled, sound))} of the sound rows`,
    `  positive    ${percent(ratio(positives, labelled))} of the labelled rows`,
  ]
}

/** What a feed of labels holds, as aligned lines. */
export function describeFeed(name: string, measure: SourceMeasure): readonly string[] {
  const { filesRead, rows, labelled, positives, quarantineShare, unreadable } = measure
  const says = `${count(labelled, 'answer')}, ${percent(ratio(positives, labelled))} positive`
  return [
    `  ${`feed ${name}`.padEnd(10)}  ${count(rows, 'row')} in ${count(filesRead, 'file')}: ${says}, ${percent(quarantineShare)} broken${reasonsOf(measure)}`,
    ...unreadable.map(({ path, reason }) => `  unreadable  ${path}: ${reason}`),
  ]
}

type Warning = Omit<SpecProblem, 'line' | 'column'>

/** What about the data forbids or weakens a training. */
export function sourceWarnings(spec: ModelSpec, measure: SourceMeasure): readonly Warning[] {
  const { files, rows, labelled, positives, quarantineShare } = measure
  if (files === 0) return [emptySource(spec.data.source)]
  const limit = spec.data.maxQuarantineShare
  const negatives = labelled - positives
  const rarer = positives <= negatives ? 'positive' : 'negative'
  return [
    ...warnIf(quarantineShare > limit, {
      path: 'data.maxQuarantineShare',
      expected: `at most ${percent(limit)} broken rows`,
      found: `${percent(quarantineShare)}${reasonsOf(measure)}`,
      wayOut: 'Correct the rules of the columns, or the source: such data retrain nothing.',
    }),
    ...warnIf(rows < spec.policy.minRows, {
      path: 'policy.minRows',
      expected: `at least ${count(spec.policy.minRows, 'row')}`,
      found: count(rows, 'row'),
      wayOut: 'Collect more: with so few, nothing is decided.',
    }),
    // Answers of feeds come later, so what is there now says nothing.
    ...warnIf(spec.data.labels === undefined && Math.min(positives, negatives) < FEW_POSITIVES, {
      path: 'data.label.sql',
      expected: `both classes, at least ${count(FEW_POSITIVES, 'row')} each`,
      found: `${count(Math.min(positives, negatives), `${rarer} row`)} of ${count(labelled, 'labelled row')}`,
      wayOut: 'Check the expression, or collect longer: gates will call the evidence inconclusive.',
    }),
  ]
}

function emptySource(source: ModelSpec['data']['source']): Warning {
  switch (source.kind) {
    case 'files': {
      const wayOut = 'Put the first files there, or correct the glob; it is relative to the folder of the spec.'
      const expected = 'a glob that matches files'
      return { path: 'data.source.glob', expected, found: `none for "${source.glob}"`, wayOut }
    }
    case 's3': {
      const wayOut = 'Put the first objects there, or correct them; the glob is over what follows the prefix in a key.'
      const found = `none in "s3://${source.bucket}/${source.prefix}" for "${source.glob}"`
      return { path: 'data.source', expected: 'a prefix and a glob that match objects', found, wayOut }
    }
    case 'http': {
      const wayOut = 'Correct url, and where the records are; or wait for the first ones.'
      return { path: 'data.source.url', expected: 'pages with records', found: `none at "${source.url}"`, wayOut }
    }
    case 'postgres': {
      const wayOut = `Check table or query and key. Rows count when transactions and the safety lag of ${source.safetyLagSeconds} s have passed.`
      return { path: 'data.source', expected: 'rows in the order of a key', found: `none by "${source.key}"`, wayOut }
    }
    case 'push': {
      const wayOut = 'Apply the spec and push the first rows, then look at `refit ingest`.'
      const expected = 'rows to look at'
      return { path: 'data.source', expected, found: 'a source that rows are sent to, which is not read here', wayOut }
    }
    default:
      return unreachable(source)
  }
}

const warnIf = (condition: boolean, warning: Warning): readonly Warning[] => (condition ? [warning] : [])

function reasonsOf({ reasons }: SourceMeasure): string {
  const sorted = Object.entries(reasons).sort(([, left], [, right]) => right - left)
  const named = sorted.slice(0, NAMED_REASONS).map(([reason, rows]) => `${reason} (${count(rows, 'row')})`)
  const more = sorted.length > NAMED_REASONS ? [`${sorted.length - NAMED_REASONS} more rules`] : []
  return named.length === 0 ? '' : `: ${[...named, ...more].join(', ')}`
}

const count = (value: number, noun: string): string => {
  return `${value.toLocaleString('en-US')} ${noun}${value === 1 ? '' : 's'}`
}
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
const day = (time: string): string => time.slice(0, 10)

/** One decimal; what is not nothing does not look like nothing. */
function percent(share: number): string {
  return share > 0 && share < 0.0005 ? '< 0.1 %' : `${(share * 100).toFixed(1)} %`
}
