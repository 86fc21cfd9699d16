import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changed, problemsOf, VALID } from './valid-spec.js'

/** A part of the valid spec, what stands there instead (or follows the spec, for no part), and all messages. */
const MISTAKES: readonly (readonly [before: string, after: string, ...messages: string[]])[] = [
  ['model: flights\n', '', '1:1 model: expected text, found nothing. Add it, such as model: flights.'],
  ['model: flights', 'model: 2001', '1:8 model: expected text, found 2001. Write a value such as flights.'],
  [
    'metric: auc',
    'metric: rocauc',
    '4:11 goal.metric: expected one of "auc", "averagePrecision", "accuracy", "logLoss" or "brier", found "rocauc". Write a value such as auc.',
  ],
  [
    'metric: auc',
    'metric:',
    '4:10 goal.metric: expected one of "auc", "averagePrecision", "accuracy", "logLoss" or "brier", found an empty value. Write a value such as auc.',
  ],
  ['  kind: rule\n', '', '5:1 baseline.kind: expected "rule" or "http", found nothing. Add it, such as kind: rule.'],
  ['kind: rule', 'kind: rul', '6:9 baseline.kind: expected "rule" or "http", found "rul". Did you mean "rule"?'],
  [
    'kind: rule\n  score: CASE WHEN hour(date) >= 18 THEN 0.28 ELSE 0.18 END',
    'kind: http\n  url: ftp://scores',
    '7:8 baseline.url: expected an http or https address, found "ftp://scores". Write a value such as https://scores.example.com/invocations.',
  ],
  [
    'kind: rule\n',
    'kind: http\n  url: http://scores.example.com\n',
    '8:3 baseline.score: expected a key of baseline, found "score". Known keys: kind, url, tokenEnv.',
  ],
  [
    '{ type: integer }\n    distance',
    'integer\n    distance',
    '14:12 data.columns.delay: expected a mapping with the key type, found "integer". Write its keys on the lines below, indented.',
  ],
  [
    '{ type: integer }\n    distance',
    '{ type: integer, nullable: yes }\n    distance',
    '14:39 data.columns.delay.nullable: expected true or false, found "yes". Write true or false.',
  ],
  [
    '{ type: integer }\n    distance',
    '{ type: string, min: 1, values: [1, late] }\n    distance',
    '14:28 data.columns.delay.min: expected type integer, number, timestamp or date for a limit, found type string. Remove min.',
    '14:45 data.columns.delay.values[0]: expected text, found 1. Put it in quotes: "1".',
  ],
  [
    'date: { type: timestamp }',
    "date: { type: timestamp, min: 2001-02-01, max: '2001-01-31T12:00:00+02:00' }",
    '13:35 data.columns.date.min: expected a time up to max (2001-01-31T12:00:00+02:00), found 2001-02-01. Swap min and max.',
  ],
  [
    'date: { type: timestamp }',
    'date: { type: timestamp, min: 2001, maxLength: 3 }',
    '13:35 data.columns.date.min: expected a day or a time for a column of type timestamp, found 2001. Write it in ISO 8601, such as 2001-01-31.',
    '13:41 data.columns.date.maxLength: expected type string for a length, found type timestamp. Remove maxLength.',
  ],
  [
    'date: { type: timestamp }',
    'date: { type: timestamp, max: 2001-02-30 }',
    '13:35 data.columns.date.max: expected a number or a day such as 2001-01-31 or a time in ISO 8601, found "2001-02-30". Write a value such as 100.',
  ],
  [
    'distance: { type: integer, min: 0 }',
    "distance: { type: integer, min: '2001-01-31' }\n    gate: { type: string, minLength: 3, maxLength: 1 }",
    '15:37 data.columns.distance.min: expected a number for a column of type integer, found "2001-01-31". Write a number.',
    '16:38 data.columns.gate.minLength: expected a number up to maxLength (1), found 3. Swap minLength and maxLength.',
  ],
  [
    '  eventTime: date',
    '  rules:\n    late: { sql: delay < 100, why: x }\n  key: [dates, delay, delay, hour]\n  eventTime: date',
    '19:31 data.rules.late.why: expected a key of data.rules.late, found "why". Known keys: sql, description.',
    '20:9 data.key[0]: expected a column that arrives, found "dates". Did you mean "date"?',
    '20:23 data.key[2]: expected each column once, found "delay" again. Remove it.',
    '20:30 data.key[3]: expected a column that arrives, found "hour". Known columns: date, delay, distance.',
  ],
  [
    'delay: { type: integer }\n    distance: { type: integer, min: 0 }\n  derived:\n    hour: { type: integer, sql: hour(date) }',
    'delay: { type: integer, nullable: true }\n    distance: { type: integer }\n  key: [delay]\n  derived:\n    hour: { type: integer, sql: hour(date) }',
    '16:9 data.key[0]: expected a column that is always there, as a row without it is like no other, found "delay", which is nullable. Remove nullable.',
  ],
  [
    '    hour: {',
    '    _hour: { type: integer, sql: hour(date) }\n    weight: { type: integer, sql: "1" }\n    hour: {',
    '17:5 data.derived._hour: expected a letter, then letters, digits or _, at most 63 characters, found "_hour". Rename it, such as delay_minutes.',
    '18:5 data.derived.weight: expected a name that Refit does not use itself (label, weight), found "weight". Rename it, such as weight_value.',
  ],
  [
    'eventTime: date',
    'eventTime: delay',
    '18:14 data.eventTime: expected a column of type timestamp or date, found "delay" of type integer. Name one of: date.',
  ],
  [
    '[hour, distance]',
    '[hour, hour, Distance, date, speed]',
    '19:20 data.features[1]: expected each feature once, found "hour" again. Remove it.',
    '19:26 data.features[2]: expected a column of columns or derived, found "Distance". Did you mean "distance"?',
    '19:36 data.features[3]: expected a number, a boolean or a string, found "date" of type timestamp. Derive numbers from it, such as hour(date).',
    '19:42 data.features[4]: expected a column of columns or derived, found "speed". Known columns: date, delay, distance, hour.',
  ],
  [
    '[hour, distance]',
    '[]',
    '19:3 data.features: expected a list of texts, not empty, found an empty list. Write a list such as [hour, distance].',
  ],
  [
    '',
    'triggers:\n  schedule: { cron: daily, timezone: Mars/Base }\n  runsPerDay: 1.5\n',
    '23:21 triggers.schedule.cron: expected a cron expression of five fields, found "daily". Write a value such as 0 3 * * *.',
    '23:38 triggers.schedule.timezone: expected an IANA time zone, found "Mars/Base". Write a value such as Europe/Berlin.',
    '24:15 triggers.runsPerDay: expected a whole number, at least 1, found 1.5. Write a whole number such as 24.',
  ],
  [
    '',
    'policy:\n  psiModerate: 0.3\n  psiMajor: 0.2\n  partial: [warmstart]\n  window: { history: { dayz: 5 } }\n',
    '24:13 policy.psiMajor: expected a number above policy.psiModerate (0.3), found 0.2. Change one of the two.',
    '25:13 policy.partial[0]: expected one of "recalibrate", "lastLayers" or "warmStart", found "warmstart". Did you mean "warmStart"?',
    '26:24 policy.window.history.dayz: expected a key of policy.window.history, found "dayz". Did you mean "days"?',
  ],
  [
    '',
    'policy: { window: { history: some } }\n',
    '22:30 policy.window.history: expected "all" or a mapping with the key days, found "some". Write a value such as all.',
  ],
  [
    '',
    'policy: { window: { history: { days: 3 } }, driftedShare: 0.7 }\n',
    '22:38 policy.window.history.days: expected a number above gates.holdoutDays (by default 7), found 3. Change one of the two.',
    '22:59 policy.driftedShare: expected a number below policy.driftedShareFull (by default 0.6), found 0.7. Change one of the two.',
  ],
  [
    '',
    'gates:\n  # margin: 0.01\n',
    '22:7 gates: expected a mapping, found an empty value. Write its keys on the lines below, indented, or remove it.',
  ],
  [
    '',
    'trainer:\n  kind: command\n  command: python3 train.py\n',
    '24:12 trainer.command: expected a list of texts, not empty, found "python3 train.py". Write a list such as [python3, train.py].',
  ],
  [
    '',
    'businessMetric: { unit: EUR, falsePositive: -1, falseNegative: 5 }\n',
    '22:45 businessMetric.falsePositive: expected a cost above trueNegative (0), found -1. Costs are positive, gains negative: check the signs.',
  ],
  [
    '',
    'budget: 5\n',
    '22:1 budget: expected a key of the spec, found "budget". Known keys: model, owner, goal, baseline, data, prediction, businessMetric, deployment, triggers, policy, trainer, gates, approval.',
  ],
]

test('parseSpec explains a mistake where it stands, and nothing else', () => {
  for (const [before, after, ...messages] of MISTAKES) {
    const text = before === '' ? VALID + after : changed(before, after)
    assert.deepEqual(
      problemsOf(text).split('\n'),
      messages.map((message) => `refit.yaml:${message}`),
    )
  }
})
