import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readJsonPage, valueAt } from '../../../src/source/http/json-text.js'

const indents = fc.constantFrom(undefined, 1, '\t')
/** JSON has no minus zero: it is written as 0. */
const json = fc.jsonValue()

test('the elements of an array are cut where they begin and end', () => {
  const property = fc.property(fc.array(json), json, indents, (rows, other, indent) => {
    const page = { before: other, data: { 'the.rows': rows, next: 'x' }, after: [other] }
    const { elements, value } = readJsonPage(JSON.stringify(page, undefined, indent), {
      arrayPath: 'data.the.rows',
      valuePath: 'data.next',
    })
    assert.deepEqual(
      elements?.map((text) => JSON.stringify(JSON.parse(text))),
      rows.map((row) => JSON.stringify(row)),
    )
    assert.deepEqual(value, { kind: 'string', text: 'x' })
    const whole = readJsonPage(JSON.stringify(rows, undefined, indent), { arrayPath: '' })
    assert.equal(whole.elements?.length, rows.length)
  })
  fc.assert(property)
})

test('what is no JSON to JavaScript is none here', () => {
  const edit = fc.record({
    at: fc.nat(),
    length: fc.nat(2),
    text: fc.constantFrom('', ',', '"', '[', '}', '0', '.', '\n', '/*', 'é'),
  })
  const property = fc.property(json, fc.array(edit, { maxLength: 2 }), (value, edits) => {
    let text = JSON.stringify({ value })
    for (const { at, length, text: inserted } of edits) {
      const start = at % (text.length + 1)
      text = text.slice(0, start) + inserted + text.slice(start + length)
    }
    assert.equal(
      isRead(() => readJsonPage(text, { arrayPath: '' })),
      isRead(() => JSON.parse(text)),
      text,
    )
  })
  fc.assert(property, { numRuns: 1000 })
})

function isRead(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}

test('a value has the characters that came', () => {
  const cases: [text: string, path: string, expected: unknown][] = [
    ['{"a":{"b":12345678901234567890}}', 'a.b', { kind: 'number', text: '12345678901234567890' }],
    ['{"a":-0.10e+2}', 'a', { kind: 'number', text: '-0.10e+2' }],
    ['{"a":"\\u00e9\\n"}', 'a', { kind: 'string', text: 'é\n' }],
    ['{"@odata.nextLink":"/2"}', '@odata.nextLink', { kind: 'string', text: '/2' }],
    ['{"a":null}', 'a', { kind: 'null', text: '' }],
    ['{"a":[1]}', 'a', { kind: 'array', text: '' }],
    ['{"a":{"b":1}}', 'b', undefined],
    ['[1,2]', '', { kind: 'array', text: '' }],
  ]
  for (const [text, path, expected] of cases) assert.deepEqual(valueAt(text, path), expected, text)
})

test('a list that is null is an empty one, one that is missing is none', () => {
  assert.deepEqual(readJsonPage('{"rows":null}', { arrayPath: 'rows' }).elements, [])
  assert.equal(readJsonPage('{"row":[]}', { arrayPath: 'rows' }).elements, undefined)
})
