import assert from 'node:assert/strict'
import { test } from 'node:test'
import { datasetSpec, datasetSpecs } from '../../src/spec/datasets.js'
import { weightOf } from '../../src/spec/label-feed.js'
import { parseSpec } from '../../src/spec/parse.js'
import { changed, problemsOf } from './valid-spec.js'

const FEEDS = `  labels:
    checks:
      kind: verified
      source: { kind: files, glob: checks/*.csv }
      columns:
        flight: { type: timestamp }
        miles: { type: integer }
        known: { type: timestamp }
        late: { type: boolean }
      key: [flight, miles]
      eventKey: [date, distance]
      time: known
      sql: late
    clicks:
      kind: weak
      source: { kind: files, glob: clicks/*.jsonl }
      columns: { date: { type: timestamp }, day: { type: date }, useful: { type: boolean, nullable: true } }
      key: [date]
      time: day
      sql: useful
`
/** The valid spec with feeds in place of the label that comes with the rows. */
const WITH_FEEDS = changed('  label:\n    sql: delay > 15\n', FEEDS)

test('labels come by feeds, each a dataset of its own', () => {
  const parsed = parseSpec(WITH_FEEDS)
  if (!parsed.ok) assert.fail(problemsOf(WITH_FEEDS))
  const { spec } = parsed
  assert.equal(spec.data.label.sql, 'NULL')
  assert.deepEqual(
    datasetSpecs(spec).map(({ model }) => model),
    ['flights', 'flights/labels/checks', 'flights/labels/clicks'],
  )
  const { data } = datasetSpec(spec, 'flights/labels/clicks')
  assert.deepEqual([data.eventTime, data.label.sql, data.features, data.key], ['day', 'useful', [], undefined])
  const { checks, clicks } = spec.data.labels ?? {}
  assert.deepEqual([checks && weightOf(checks), clicks && weightOf(clicks)], [1, 0.3])
  assert.throws(() => datasetSpec(spec, 'flights/labels/check'), {
    code: 'NotFound',
    message: /^Cannot find feed "flights\/labels\/check" of model "flights": its feeds are flights\/labels\/checks, /,
  })
})

/** A part of the spec with feeds, what stands there instead, and all messages. */
const MISTAKES: readonly (readonly [before: string, after: string, ...messages: string[]])[] = [
  [
    'key: [flight, miles]',
    'key: [fligt, miles]',
    'data.labels.checks.key[0]: expected a column of the feed, found "fligt". Did you mean "flight"?',
  ],
  [
    'eventKey: [date, distance]',
    'eventKey: [date]',
    'data.labels.checks.eventKey: expected as many columns as key has (2), found 1. Name one column of the event for each column of key.',
  ],
  [
    'eventKey: [date, distance]',
    'eventKey: [distance, distance]',
    'data.labels.checks.key[0]: expected a column of type integer, as "distance" of the event is, found "flight" of type timestamp. Declare both with the same type.',
  ],
  [
    '      eventKey: [date, distance]\n',
    '',
    'data.labels.checks.key[0]: expected a column of the event, found "flight". Known columns: date, delay, distance, hour. Name it in eventKey where it has another name.',
    'data.labels.checks.key[1]: expected a column of the event, found "miles". Known columns: date, delay, distance, hour. Name it in eventKey where it has another name.',
  ],
  [
    'miles: { type: integer }',
    'miles: { type: integer, nullable: true, maxLength: 3 }',
    'data.labels.checks.columns.miles.maxLength: expected type string for a length, found type integer. Remove maxLength.',
    'data.labels.checks.key[1]: expected a column that is always there, as an answer without it belongs to no event, found "miles", which is nullable. Remove nullable.',
  ],
  [
    'time: known',
    'time: late',
    'data.labels.checks.time: expected a column of the feed of type timestamp or date, found "late" of type boolean. Declare the column as timestamp or date.',
  ],
  [
    'clicks:',
    'Checks:',
    'data.labels.Checks: expected a name that no other feed has, in upper or lower case, found "Checks" besides "checks". Rename it.',
  ],
  [
    'kind: verified',
    'kind: certain',
    'data.labels.checks.kind: expected "verified" or "weak", found "certain". Write a value such as verified.',
  ],
  ['kind: verified', 'kind: weak'],
  [
    FEEDS,
    '  label: { delayDays: 3 }\n',
    'data.label: expected an expression, or a feed of labels in data.labels, found neither. Add sql, such as sql: delay > 15, or the feed that labels come by.',
  ],
  [
    FEEDS,
    '  label: { sql: delay > 15 }\n  labelRequest: { rows: 10 }\n',
    'data.labelRequest: expected a verified feed in data.labels, found no feed. Add the feed by which the people who are asked answer, of kind verified.',
  ],
]

for (const [before, after, ...messages] of MISTAKES) {
  test(`a mistake in a feed is named: ${after.trim().split('\n')[0]}`, () => {
    assert.ok(WITH_FEEDS.includes(before), before)
    const found = problemsOf(WITH_FEEDS.replace(before, after)).split('\n')
    assert.deepEqual(
      found.filter((line) => line !== '').map((line) => line.replace(/^refit\.yaml:\d+:\d+:? (error:? )?/, '')),
      messages,
    )
  })
}
