import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseSpec, placeProblem } from '../../src/spec/parse.js'
import { formatProblems } from '../../src/spec/problem.js'
import { changed, problemsOf, VALID } from './valid-spec.js'

const warningsOf = (text: string): string => formatProblems(parseSpec(text).warnings, 'refit.yaml')

test('parseSpec reads a valid spec and fills in the defaults', () => {
  const parsed = parseSpec(VALID)
  assert.equal(problemsOf(VALID), '')
  assert.ok(parsed.ok)
  assert.deepEqual(parsed.warnings, [])
  assert.equal(parsed.spec.gates.margin, 0.01)
  assert.deepEqual(parsed.spec.policy.window, { history: 'all', maxRows: 5_000_000, replayShare: 0.5 })
  assert.equal(parsed.spec.trainer.kind, 'embedded')
})

test('parseSpec tells ten different mistakes at once, in the order of the lines', () => {
  const spec = `model: Flights
goal:
  description: tell gate agents which flights will be late
  metrc: auc
baseline:
  kind: rule
data:
  source:
    kind: files
    glob: landing/*.csv
  columns:
    date: { type: timestamp }
    delay: { type: int }
    distance: { type: integer, min: 10, max: 5 }
  derived:
    Distance: { type: integer, sql: distance / 2 }
    hour: { type: integer, sql: hour(date) }
  eventTime: dat
  features: [hour, distance, delay]
  label:
    sql: delay > 15
prediction:
  threshold: leastCost
gates:
  margin: high
`
  assert.deepEqual(problemsOf(spec).split('\n'), [
    'refit.yaml:1:8 model: expected a lower-case letter, then lower-case letters, digits or -, at most 63 characters, found "Flights". Write a value such as flights.',
    'refit.yaml:4:3 goal.metrc: expected a key of goal, found "metrc". Did you mean "metric"?',
    'refit.yaml:5:1 baseline.score: expected text, found nothing. Add it, such as score: CASE WHEN hour(date) >= 18 THEN 0.28 ELSE 0.18 END.',
    'refit.yaml:13:20 data.columns.delay.type: expected one of "integer", "number", "boolean", "string", "timestamp" or "date", found "int". Did you mean "integer"?',
    'refit.yaml:14:37 data.columns.distance.min: expected a number up to max (5), found 10. Swap min and max.',
    'refit.yaml:16:5 data.derived.Distance: expected a name that no other column has, in upper or lower case, found "Distance" besides "distance". Rename it.',
    'refit.yaml:18:14 data.eventTime: expected a column of type timestamp or date, found "dat". Did you mean "date"?',
    'refit.yaml:19:30 data.features[2]: expected a feature that is known before the label, found "delay", which the label is computed from. Remove it: the model would only learn to repeat it.',
    'refit.yaml:23:14 prediction.threshold: expected a businessMetric to take the threshold from, found none in the spec. Add businessMetric with the costs of wrong decisions, or write a score such as 0.5.',
    'refit.yaml:25:11 gates.margin: expected a number between 0 and 1, found "high". Write a share such as 0.01.',
  ])
})

test('parseSpec explains broken YAML', () => {
  const hint = 'Check indentation, quotes and brackets here; SQL is safest on lines below "|".'
  const cases: readonly (readonly [text: string, message: string])[] = [
    [`${VALID}owner: me\nowner: you\n`, ':23:1 owner: expected each key once, found "owner" again. Keep one of them.'],
    [
      `${VALID}gates: { margin: 0.1, margin: 0.2 }`,
      ':22:23 gates.margin: expected each key once, found "margin" again. Keep one of them.',
    ],
    [`${VALID}owner: "me\n`, `:23:1: expected valid YAML, found an error (Missing closing "quote). ${hint}`],
    [
      `${VALID}gates:\n\tmargin: 0.1`,
      ':23:1: expected valid YAML, found an error (Tabs are not allowed as indentation). Indent with spaces.',
    ],
    [`${VALID}owner: *me`, ':22:8: expected an alias of an anchor above, found *me. Define the anchor &me above it.'],
    [
      changed('score: CASE', 'score: rule: CASE'),
      `:7:10: expected valid YAML, found an error (Nested mappings are not allowed in compact mappings). ${hint}`,
    ],
    [
      `${VALID}---\nmodel: other\n`,
      ':22:1: expected one spec a file, found another document (---). Move it to another file.',
    ],
    [
      '',
      ':1:1: expected a mapping with the keys of a model spec, found an empty file. Start from an example: refit init --example flights.',
    ],
    [
      '- flights',
      ':1:1: expected a mapping with the keys of a model spec, found a list. Start from an example: refit init --example flights.',
    ],
  ]
  for (const [text, message] of cases) assert.equal(problemsOf(text), `refit.yaml${message}`)
})

test('parseSpec takes anchors and merges', () => {
  const parsed = parseSpec(
    changed('delay: { type: integer }', 'delay: &whole { type: integer }').replace(
      '{ type: integer, min: 0 }',
      '{ <<: *whole, min: 0 }',
    ),
  )
  assert.ok(parsed.ok)
  assert.equal(parsed.spec.data.columns.distance?.type, 'integer')
})

test('parseSpec warns of what is allowed but likely a mistake', () => {
  const cases: readonly (readonly [text: string, ...messages: string[]])[] = [
    [VALID],
    [
      changed('sql: hour(date)', 'sql: hour(date) + delay'),
      '19:14 data.features[0]: expected a feature that is known before the label, found "hour", derived from "delay" as the label is. Remove it unless its value is known when the model is asked.',
    ],
    [
      changed('metric: auc', 'metric: logLoss\n  explanations: required\n  today: 0.5\n  target: 0.6'),
      '5:17 goal.explanations: expected a trainer whose decisions people can follow, found the embedded trainer, a neural network. Use a trainer of kind command with an interpretable model, such as a linear one or small trees.',
      "7:11 goal.target: expected a value below today's 0.5, as logLoss is better when lower, found 0.6. Name the value that would be worth the effort.",
    ],
    [
      `${VALID}trainer: { kind: command, command: [./train], can: [warmStart] }\npolicy: { partial: [warmStart, lastLayers] }\n`,
      '23:32 policy.partial[1]: expected a way that the trainer can do (trainer.can), found "lastLayers". Add it to trainer.can once the program knows it; without any, a partial becomes a full training.',
    ],
  ]
  for (const [text, ...messages] of cases) {
    assert.equal(problemsOf(text), '')
    assert.equal(warningsOf(text), messages.map((message) => `refit.yaml:${message}`).join('\n'))
  }
})

test('placeProblem finds the line of a path', () => {
  const problem = { path: 'data.features[1]', expected: 'x', found: 'y', wayOut: 'z' }
  assert.deepEqual(placeProblem(VALID, problem), { ...problem, line: 19, column: 20 })
})

test('parseSpec never throws and places every problem inside the text', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...VALID.split('\n'),
      '  ',
      ': ',
      '- ',
      '&a',
      '*a',
      '<<: *a',
      '__proto__: 1',
      '!!set',
      '"',
      '|',
      '{',
      ']',
    ),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('\n')
      const parsed = parseSpec(text)
      if (parsed.ok) return
      assert.ok(parsed.problems.length > 0)
      for (const { line, column } of parsed.problems)
        assert.ok(line >= 1 && line <= pieces.join('\n').split(/\r\n|\r|\n/).length + 1 && column >= 1)
    }),
    { seed: 1, numRuns: 500 },
  )
})
