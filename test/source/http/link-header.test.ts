import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextLink } from '../../../src/source/http/link-header.js'

test('the link to the next page is found among others', () => {
  const cases: [header: string | null, expected: string | undefined][] = [
    [null, undefined],
    ['', undefined],
    ['</2>; rel="next"', '/2'],
    ['</2>;rel=next', '/2'],
    ['</2> ; REL = "Next last"', '/2'],
    ['</1>; rel="prev", </3>; rel="next"', '/3'],
    ['</1>; rel=first; title="a, <b>; rel=\\"next\\"", </3?a=1,2;3>; rel="next"; title*=UTF-8\'\'n', '/3?a=1,2;3'],
    ['</1>; rel="nextish prev"', undefined],
    ['</1>; title="next"', undefined],
    ['</1>; rel="prev"; rel="next"', undefined],
    ['</1>; rel="next"; anchor="/other", </2>; rel="next"', '/2'],
    ['<>; rel="next"', ''],
    ['nonsense', undefined],
  ]
  for (const [header, expected] of cases) assert.equal(nextLink(header), expected, header ?? 'none')
})

test('any header is read in no time', () => {
  const piece = fc.constantFrom('<', '>', ';', ',', '=', '"', '\\', ' ', 'rel', 'next', '/2')
  fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => void nextLink(pieces.join(''))))
  const began = performance.now()
  for (const piece of ['<', '</>;a', '</>;a="\\', '</>; ', '</>;a=b ']) nextLink(piece.repeat(16_384 / piece.length))
  assert.ok(performance.now() - began < 500, `${performance.now() - began} ms`)
})
