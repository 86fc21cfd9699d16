import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../src/spec/nearest.js'
import { formatPath, parsePath } from '../../src/spec/problem.js'
import { columnsRead } from '../../src/spec/sql-names.js'

test('nearest finds what was meant, and nothing where nothing is near', () => {
  const keys = ['metric', 'margin', 'holdoutDays', 'integer', 'boolean', 'timestamp']
  const cases: readonly (readonly [word: string, meant: string | undefined])[] = [
    ['metrc', 'metric'],
    ['Margin', 'margin'],
    ['holdout_days', 'holdoutDays'],
    ['holdout-day', 'holdoutDays'],
    ['int', 'integer'],
    ['bool', 'boolean'],
    ['in', undefined],
    ['colour', undefined],
    ['', undefined],
  ]
  for (const [word, meant] of cases) assert.equal(nearest(word, keys), meant, word)
})

test('columnsRead sees the columns that an expression reads', () => {
  const columns = ['delay', 'Status', 'date', 'hour', 'net price']
  const cases: readonly (readonly [sql: string, read: readonly string[]])[] = [
    ['delay > 15', ['delay']],
    ['DELAY > 15 AND status = 1', ['delay', 'Status']],
    ['hour(date) > 3', ['date']],
    ["label = 'delay' AND x = 'it''s delay'", []],
    ['delay_minutes > 15', []],
    ['1 -- delay\n + /* hour */ 2', []],
    ['x::date > y', []],
    ['"net price" > 5', ['net price']],
    ['CASE WHEN Status IN (1, 2) THEN delay END', ['Status', 'delay']],
  ]
  for (const [sql, read] of cases) assert.deepEqual(new Set(columnsRead(sql, columns)), new Set(read), sql)
})

test('a path is written and read the same', () => {
  for (const path of [['gates', 'margin'], ['data', 'features', 2], ['data', 'columns', 'delay', 'values', 0], []]) {
    assert.deepEqual(parsePath(formatPath(path)), path)
  }
  assert.equal(formatPath(['data', 'features', 2]), 'data.features[2]')
})
