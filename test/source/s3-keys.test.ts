import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import picomatch from 'picomatch'
import { keyFilter } from '../../src/source/s3-keys.js'

test('a key is chosen by its prefix, and by the glob over what follows', () => {
  const cases: [prefix: string, glob: string, key: string, isChosen: boolean][] = [
    ['', '**', 'a.csv', true],
    ['', '**', 'deep/er/a.csv', true],
    ['', '*.csv', 'deep/a.csv', false],
    ['', '**/*.csv', 'a.csv', true],
    ['in/', '*.csv', 'in/a.csv', true],
    ['in/', '*.csv', 'out/a.csv', false],
    ['in', '*.csv', 'in/a.csv', true],
    ['in', '**/*.csv', 'in/deep/a.csv', true],
    ['in/2024', '*.csv', 'in/2024-01.csv', true],
    ['in/2024', '*', 'in/2024.csv', true],
    ['in/', '{a,b}/*.{csv,parquet}', 'in/b/1.parquet', true],
    ['in/', '{a,b}/*.{csv,parquet}', 'in/c/1.parquet', false],
    ['in/', '2024/**/*.csv', 'in/2024/01/a.csv', true],
    ['in/', '!(*.tmp)', 'in/a.tmp', false],
    // Every key is a key, also what is no path.
    ['in/', '**', 'in//a\nb.csv', true],
    ['in/a.csv', '**', 'in/a.csv', true],
    // Folder markers, and what a writer hides until it is complete.
    ['', '**', 'in/', false],
    ['in/', '**', 'in/', false],
    ['', '**', '.a.csv', false],
    ['in/', '**', 'in/.a.csv', false],
    ['in/', '**', 'in/.staging/a.csv', false],
    ['in', '**', 'in/.a.csv', false],
    ['in/.mine/', '**', 'in/.mine/a.csv', true],
  ]
  for (const [prefix, glob, key, isChosen] of cases) {
    assert.equal(keyFilter({ prefix, glob }).has(key), isChosen, `${prefix} + ${glob}: ${key}`)
  }
})

test('the server is asked for as few keys as the glob allows', () => {
  const cases: [prefix: string, glob: string, asked: string][] = [
    ['', '**', ''],
    ['in/', '**', 'in/'],
    ['in/', '2024/01/*.csv', 'in/2024/01/'],
    ['', 'in/**/*.csv', 'in/'],
    // The slash between them is missing, or stands in the key.
    ['in', '2024/*.csv', 'in'],
    ['in/', '{a,b}/*.csv', 'in/'],
    ['in/', '!2024/*.csv', 'in/'],
    ['in/', 'a\\*/*.csv', 'in/'],
  ]
  for (const [prefix, glob, asked] of cases) assert.equal(keyFilter({ prefix, glob }).prefix, asked, glob)
})

test('no key that the prefix and the glob choose is left out by what the server is asked for', () => {
  const piece = fc.constantFrom('a', 'b', 'ab', '/', '//', '*', '**', '?', '.', '{a,b}', '[ab]', '!', '\\*', '(a)', '+')
  const text = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''))
  const rest = fc.array(fc.constantFrom('a', 'b', 'ab', '/', '*', '.', '!', '+'), { maxLength: 6 })
  const prefix = fc.constantFrom('', 'a', 'a/', 'b/a/', '.a/')
  const property = fc.property(prefix, text, rest, (prefix, glob, rest) => {
    const filter = keyFilter({ prefix, glob })
    const key = prefix + rest.join('')
    const hasWholeName = prefix === '' || prefix.endsWith('/')
    const isChosen = picomatch.isMatch(rest.join('') || '-', glob, { dot: true, windows: false })
    const isHidden = key.endsWith('/') || /(^|\/)\./.test(rest.join(''))
    if (filter.has(key)) assert.ok(key.startsWith(filter.prefix), `${filter.prefix} hides ${key}`)
    if (hasWholeName && rest.length > 0) assert.equal(filter.has(key), isChosen && !isHidden, `${glob}: ${key}`)
  })
  fc.assert(property, { numRuns: 2_000 })
})
