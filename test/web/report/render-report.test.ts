import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHTML } from 'linkedom'
import type { GateResult } from '../../../src/decisions/verdict.js'
import { intervalPosition } from '../../../src/web/report/charts/gate-interval.js'
import { renderReport } from '../../../src/web/report/render-report.js'
import { lossText } from '../../../src/web/report/sections/performance.js'
import { unexamined } from '../../../src/web/report/sections/unexamined.js'
import { hostile, promotedRun, refusedRun } from '../fixtures/run-record.js'

/** The text of one section, with its white space folded. */
function sectionText(report: string, id: string): string {
  const { document } = parseHTML(report)
  return String(document.getElementById(id)?.textContent ?? '')
    .replace(/\s+/g, ' ')
    .trim()
}

const REPORT = renderReport(promotedRun, {
  temporalUi: 'http://127.0.0.1:8233/namespaces/default',
})

test('the report is one file that loads and runs nothing', () => {
  assert.doesNotMatch(REPORT, /<script|<link|<img|<iframe|@import|url\(|\bsrc=/i)
  assert.match(REPORT, /^<!doctype html>\n<html lang="en">/)
})

test('the report holds a section for each part of the run, in the order of the run', () => {
  const { document } = parseHTML(REPORT)
  const titles = [...document.querySelectorAll('section > h2')].map((title) => String(title.textContent))
  assert.deepEqual(titles, [
    'Why it ran',
    'Data that arrived',
    'Drift',
    'Performance',
    'Decision',
    'Training',
    'Gates',
    'Model card',
    'Lineage',
    'Stages',
    'What was not examined',
  ])
})

test('each section tells its numbers', () => {
  const expected: readonly (readonly [string, RegExp])[] = [
    ['why', /ModelDriftHigh: PSI of minuteOfDay above 0\.25 \(×3\)/],
    ['data', /2001-04\.parquet ?4 ?502,311 ?502,180 ?131 ?0 ?distance: min × 118/],
    ['data', /Sum ?514,311 ?502,180 ?131 ?12,000/],
    ['data', /Every row is accounted for: 514,311 in, 514,311 found again/],
    ['data', /unreadable ?the file ends before its footer/],
    ['drift', /minuteOfDay/],
    ['drift', /moderate 0\.1/],
    ['drift', /16\.9 % of 502,180 labelled rows, 19\.2 % in the reference/],
    ['performance', /auc ?0\.6372 ?0\.7018 ?0\.7121 ?\+0\.0103/],
    ['performance', /0\.0218, 11\.2 standard errors; with 95 % confidence at least 0\.0186/],
    ['decision', /partial: warm start/],
    ['decision', /0\.42 EUR/],
    ['training', /690,214, 345,107 of them old/],
    ['gates', /G4 Calibrated/],
    ['gates', /approved by anna/],
    ['gates', /version 4 instead of 3, move 4 of the alias/],
    ['model-card', /Whether a flight will be more than 15 minutes late/],
    ['model-card', /G4 Calibrated, inconclusive/],
    ['lineage', new RegExp('d'.repeat(64))],
    ['stages', /train ?3 min 7 s/],
    ['unexamined', /Drift of holiday: 502,180 rows are too few to say\./],
  ]
  for (const [id, pattern] of expected) assert.match(sectionText(REPORT, id), pattern)
})

test('rows that are lost are told in the report', () => {
  const [batch] = promotedRun.ingested ?? []
  assert.ok(batch)
  const report = renderReport({ ...promotedRun, ingested: [{ ...batch, rowsIn: batch.rowsIn + 5 }] })
  assert.match(sectionText(report, 'data'), /Rows are missing: 502,316 in, 502,311 found again\./)
})

test('a run that ended early has a report of what there is', () => {
  const report = renderReport(refusedRun)
  const { document } = parseHTML(report)
  assert.deepEqual(
    [...document.querySelectorAll('section')].map(({ id }) => id),
    ['why', 'lineage', 'unexamined'],
  )
  assert.deepEqual(unexamined(refusedRun), [
    'New data: the run ended before it looked for any.',
    'Drift and live performance: the run ended before they were measured.',
    'Whether retraining is due: nothing was decided.',
  ])
})

test('hostile texts stay texts, wherever they stand', () => {
  const attacks = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '</style><script>x</script>',
    ']]><svg onload=alert(1)>',
  ]
  for (const attack of attacks) {
    const record = { ...hostile(promotedRun, attack), judgement: promotedRun.judgement && hostileGates(attack) }
    const { document } = parseHTML(
      renderReport(record, { statusPage: 'javascript:alert(1)', temporalUi: 'javascript:alert(1)' }),
    )
    const elements = [...document.querySelectorAll('*')]
    const names = new Set(elements.map((element) => String(element.localName)))
    for (const name of ['script', 'img', 'iframe', 'object', 'form'])
      assert.ok(!names.has(name), `${attack} made <${name}>`)
    for (const element of elements) {
      const handlers = [...element.attributes].filter(
        ({ name, value }) => /^on/i.test(name) || /^\s*javascript:/i.test(value),
      )
      assert.deepEqual(
        handlers.map(({ name }) => name),
        [],
        attack,
      )
    }
    assert.ok(String(document.body.textContent).includes(attack), 'the text itself is shown')
  }
})

test('an interval stands right of its limit when its gate passes, whichever way the number points', () => {
  const gate = (estimate: number, bound: number, limit: number): GateResult => ({
    gate: 'G',
    title: 't',
    verdict: 'pass',
    text: '',
    estimate,
    bound,
    limit,
    rows: 1,
  })
  assert.deepEqual(intervalPosition(gate(0.04, 0.02, 0)), { estimate: 1, bound: 0.5 })
  assert.deepEqual(intervalPosition(gate(2, 6, 10)), { estimate: 1, bound: 0.5 })
  assert.deepEqual(intervalPosition(gate(8, 12, 10)), { estimate: 1, bound: -1 })
  assert.deepEqual(intervalPosition(gate(1, 1, 1)), { estimate: 0, bound: 0 })
  assert.equal(intervalPosition({ ...gate(1, 1, 1), limit: null }), undefined)
})

test('a loss of no standard errors has no bound', () => {
  assert.equal(
    lossText({ metric: 'auc', reference: 0.7, referenceRows: 1, live: 0.7, liveRows: 1, z: 0, drop: 0 }),
    '0, 0 standard errors',
  )
})

function hostileGates(attack: string) {
  const judgement = promotedRun.judgement
  return (
    judgement && {
      ...judgement,
      gates: judgement.gates.map((gate) => ({ ...gate, gate: attack, title: attack, text: attack })),
    }
  )
}
