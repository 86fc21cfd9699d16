import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { readLines } from '../../src/program/read-lines.js'
import { collect } from '../support/collect.js'

test('lines come whole, whatever the pieces, and long ones are cut', async () => {
  const cases: [chunks: Uint8Array[], lines: string[]][] = [
    [[], []],
    [[bytes('one\ntwo\n')], ['one', 'two']],
    [
      [bytes('o'), bytes('ne\r\n\ntw'), bytes('o')],
      ['one', '', 'two'],
    ],
    // A character of several bytes, divided between pieces.
    [[bytes('é').subarray(0, 1), Buffer.concat([bytes('é').subarray(1), bytes('\n')])], ['é']],
    [
      [bytes('12345678\n'), bytes('123456789\n')],
      ['12345678', '12345678…'],
    ],
    [
      [bytes('123456'), bytes('789'), bytes('0'), bytes('1\nnext')],
      ['12345678…', 'next'],
    ],
  ]
  for (const [chunks, lines] of cases) {
    assert.deepEqual((await collect(readLines(Readable.from(chunks), 8))).flat(), lines)
  }
})

const bytes = (text: string): Buffer => Buffer.from(text)
