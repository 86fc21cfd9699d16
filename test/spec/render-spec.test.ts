import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { renderSpec } from '../../src/spec/render-spec.js'
import { ModelSpec, type SpecInput } from '../../src/spec/spec.js'

const SPEC: SpecInput = {
  model: 'churn',
  goal: { description: 'whom to call: before they leave', metric: 'auc' },
  baseline: { kind: 'rule', score: "CASE WHEN plan = 'basic' THEN 0.3 ELSE 0.1 END" },
  data: {
    source: { kind: 'files', glob: 'landing/*.csv' },
    columns: { day: { type: 'date' }, plan: { type: 'string', nullable: true }, left: { type: 'boolean' } },
    eventTime: 'day',
    features: ['plan'],
    label: { sql: '"left"', delayDays: 30 },
  },
}

test('renderSpec writes a spec that reads as the same one, each field with its description', () => {
  const text = renderSpec(SPEC)
  assert.deepEqual(ModelSpec.parse(parse(text)), ModelSpec.parse(SPEC))
  assert.equal(
    text,
    `# yaml-language-server: $schema=refit.schema.json
# Every other field has a default; docs/spec.md lists them all.

# name of the model
model: churn

# what the model is for
goal:
  # what the model decides, and for whom
  description: "whom to call: before they leave"
  # the number that says how good the model is
  metric: auc

# champion zero: what serves until a trained model beats it
baseline:
  # rule: a rule that anybody can read; http: somebody else's predictor
  kind: rule
  # DuckDB expression over the columns: a score from 0 to 1 for the positive class
  score: CASE WHEN plan = 'basic' THEN 0.3 ELSE 0.1 END

# where rows come from and what they mean
data:
  # where rows come from
  source:
    # files: files that match a glob: CSV, Parquet, JSON lines, also gzipped; s3: objects of a bucket, of the same
    # formats; with the worker's AWS credentials; http: pages of an HTTP API that gives the oldest records first,
    # and adds new ones at the end; postgres: rows of a PostgreSQL table or query, in the order of a key; push: rows
    # that producers send to POST /ingest/MODEL of the receiver: CSV, JSON lines, Parquet
    kind: files
    # glob, relative to the folder of the spec or absolute
    glob: landing/*.csv
  # the columns that arrive; others are ignored
  columns:
    day: { type: date }
    plan: { type: string, nullable: true }
    left: { type: boolean }
  # the timestamp or date column that says when the row happened
  eventTime: day
  # the columns, arriving or derived, that the model may see
  features: [ plan ]
  # what is to be predicted
  label:
    # DuckDB expression that is true for the positive class; NULL while unknown
    sql: '"left"'
    # days after the event until the label is known
    delayDays: 30
`,
  )
})
