/** The rules of columns and rows, one by one: which rows they break, and by which name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkExpressions } from '../../../src/data/rules/expressions.js'
import { rejection } from '../../support/rejection.js'
import { flightsSpec, openWorkshop, table, type Workshop } from '../workshop.js'

const DATA = {
  columns: {
    at: { type: 'timestamp' },
    code: { type: 'string', nullable: true },
    n: { type: 'integer', nullable: true },
  },
  derived: {},
  eventTime: 'at',
  features: ['n'],
  label: { sql: 'n > 5' },
}

const specWith = (data: Record<string, unknown>) =>
  flightsSpec({ ...DATA, ...data }, { baseline: { kind: 'rule', score: '0.5' } })

let file = 0

/** Rows as `at,code,n`; the reason of each row that must be broken by its number. */
async function check(workshop: Workshop, data: Record<string, unknown>, rows: readonly string[], expected: object) {
  const path = `in/${++file}.csv`
  const { commit } = await workshop.ingest(specWith(data), await workshop.put(path, `at,code,n\n${rows.join('\n')}\n`))
  assert.equal(commit.receipt.unreadable, undefined)
  const broken = commit.quarantine === undefined ? [] : await table(workshop, commit.quarantine.uri)
  assert.deepEqual(Object.fromEntries(broken.map(({ _row, _reason }) => [String(_row), _reason])), expected)
  assert.equal(commit.receipt.kept, rows.length - broken.length)
}

test('times are within their limits; a day alone is its first moment, a time without zone is UTC', async (t) => {
  const workshop = await openWorkshop(t)
  const limited = (at: object) => ({ columns: { ...DATA.columns, at } })
  const timestamp = { type: 'timestamp', min: '2001-01-02', max: '2001-01-03T12:00:00+02:00' }
  await check(
    workshop,
    limited(timestamp),
    ['2001-01-01T23:59:59,a,1', '2001-01-02,a,2', '2001-01-03 10:00:00,a,3', '2001-01-03T10:00:00.000001Z,a,4'],
    { 1: 'at: min', 4: 'at: max' },
  )
  const date = { type: 'date', min: '2001-01-02', max: '2001-01-03T10:00:00' }
  await check(workshop, limited(date), ['2001-01-01,a,5', '2001-01-02,a,6', '2001-01-03,a,7', '2001-01-04,a,8'], {
    1: 'at: min',
    4: 'at: max',
  })
})

test('lengths are counted in characters; what is missing has none', async (t) => {
  const columns = { ...DATA.columns, code: { type: 'string', nullable: true, minLength: 2, maxLength: 3 } }
  await check(
    await openWorkshop(t),
    { columns },
    ['2001-01-01,a,1', '2001-01-01,äö,2', '2001-01-01,日本語,3', '2001-01-01,abcd,4', '2001-01-01,,5'],
    { 1: 'code: minLength', 4: 'code: maxLength' },
  )
})

test('of sound rows with one value the first is kept; broken rows and missing values take none away', async (t) => {
  const unique = { ...DATA.columns, code: { type: 'string', nullable: true, unique: true } }
  const workshop = await openWorkshop(t)
  const rows = [
    '2001-01-01,a,x',
    '2001-01-01,a,1',
    '2001-01-01,b,2',
    '2001-01-01,a,3',
    '2001-01-01,,4',
    '2001-01-01,,5',
    'never,b,6',
    '2001-01-01,A,7',
  ]
  const expected = { 1: 'n: type', 4: 'code: unique', 7: 'at: type' }
  await check(workshop, { columns: unique }, rows, expected)
  const both = { ...unique, n: { type: 'integer', nullable: true, unique: true } }
  await check(workshop, { columns: both }, ['2001-01-01,a,1', '2001-01-01,a,2', '2001-01-01,b,2', '2001-01-01,c,1'], {
    2: 'code: unique',
    4: 'n: unique',
  })
})

test('a rule breaks a row on which it is not true, be it false, NULL or an error', async (t) => {
  const rules = {
    small: { sql: 'n < 10 -- or so' },
    even: { sql: 'half * 2 = n', description: 'whole halves' },
    number: { sql: 'CAST(code AS INTEGER) > 0' },
  }
  await check(
    await openWorkshop(t),
    { derived: { half: { type: 'integer', sql: 'n // 2' } }, rules },
    [
      '2001-01-01,1,2',
      '2001-01-01,1,12',
      '2001-01-01,1,3',
      '2001-01-01,x,4',
      '2001-01-01,0,4',
      '2001-01-01,1,',
      'x,1,2',
    ],
    { 2: 'rule small', 3: 'rule even', 4: 'rule number', 5: 'rule number', 6: 'rule small', 7: 'at: type' },
  )
})

test('a rule that is no expression over the row is refused with its path', async (t) => {
  const spec = specWith({ rules: { odd: { sql: 'n > (SELECT 1)' }, none: { sql: 'nothing > 1' } } })
  assert.deepEqual(
    (await checkExpressions(spec)).map(({ path }) => path),
    ['data.rules.odd.sql', 'data.rules.none.sql'],
  )
  const workshop = await openWorkshop(t)
  const ingesting = workshop.ingest(spec, await workshop.put('in/a.csv', 'at,code,n\n2001-01-01,a,1\n'))
  assert.match((await rejection(ingesting, 'InvalidSpec')).message, /data\.rules\.odd\.sql: .* a subquery/)
})
