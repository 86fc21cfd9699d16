/** A valid spec for tests to spoil. */
import assert from 'node:assert/strict'
import { parseSpec } from '../../src/spec/parse.js'
import { formatProblems } from '../../src/spec/problem.js'

/** A spec without a mistake. */
export const VALID = `model: flights
goal:
  description: tell gate agents which flights will be late
  metric: auc
baseline:
  kind: rule
  score: CASE WHEN hour(date) >= 18 THEN 0.28 ELSE 0.18 END
data:
  source:
    kind: files
    glob: landing/*.csv
  columns:
    date: { type: timestamp }
    delay: { type: integer }
    distance: { type: integer, min: 0 }
  derived:
    hour: { type: integer, sql: hour(date) }
  eventTime: date
  features: [hour, distance]
  label:
    sql: delay > 15
`

/** The problems of a spec as `refit validate` prints them. */
export const problemsOf = (text: string): string => {
  const parsed = parseSpec(text)
  return parsed.ok ? '' : formatProblems(parsed.problems, 'refit.yaml')
}

/** The valid spec with one piece of text replaced by another. */
export function changed(before: string, after: string): string {
  assert.ok(VALID.includes(before), before)
  return VALID.replace(before, after)
}
