import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { csvCutter, QUOTE, textChunk } from '../../../src/data/format/record-cutter.js'
import { DecimalCounter, NOT_COPIED, RecordPage } from '../../../src/data/format/record-page.js'

const COMMA = 0x2c

test('a record is copied just when the cutter finds nothing wrong with it, and ends where the cutter ends it', () => {
  const piece = fc.constantFrom('"', '""', '"a"', ',', ',', '\n', '\r\n', '\r', 'a', '1', 'é', ' ')
  const page = new RecordPage(1)
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 3 }), (pieces, fields) => {
      const chunk = textChunk(Buffer.from(`${pieces.join('')}\n`), true)
      const { bytes } = chunk
      for (let start = 0; start < bytes.length; ) {
        const cut = csvCutter(COMMA, fields)(chunk, start)
        assert.ok(cut !== undefined)
        page.clear()
        const next = page.copyRecord(bytes, start, { delimiter: COMMA, fields, quote: QUOTE })
        assert.equal(next, cut.fault === null && cut.end > start ? cut.next : NOT_COPIED)
        if (next !== NOT_COPIED) {
          assert.equal(page.written().toString(), bytes.toString('utf8', start, cut.end))
          assert.equal(page.breaks, cut.breaks)
        }
        start = cut.next
      }
    }),
    { numRuns: 1000 },
  )
})

test('a counter prints what it counted', () => {
  const counter = new DecimalCounter()
  for (let number = 1; number <= 11_000; number++) {
    counter.increase()
    assert.equal(counter.digits.toString(), String(number))
  }
})
