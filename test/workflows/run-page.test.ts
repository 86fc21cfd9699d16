import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunStatus } from '../../src/workflows/messages.js'
import { runPage } from '../../src/workflows/run-page.js'

const status: RunStatus = {
  model: 'flights',
  run: 3,
  stage: 'ingest',
  since: '2026-11-24T10:00:00.000Z',
  trigger: 'data',
  facts: [
    { stage: 'admit', text: 'admitted as run 3' },
    { stage: 'ingest', text: '20 batches | 0.9 MB\narrived' },
  ],
  waitingFor: null,
  progress: '3 of 20 batches done',
  outcome: null,
}
const page = { title: 'Run 3 of model flights', reason: 'March arrived', ending: '' }
const lastLine = (text: string) => text.split('\n').at(-1)

test('the page has each stage with what happened there, and where the run is since when', () => {
  const text = runPage(page, status)
  assert.match(text, /^### Run 3 of model flights\n\nStarted by data: March arrived\.\n/)
  assert.match(text, /^\| ✓ \| admit \| admitted as run 3 \|$/m)
  assert.match(text, /^\| ▶ \| ingest \| 20 batches \/ 0\.9 MB arrived \|$/m)
  assert.match(text, /^\| {2}\| train \| {2}\|$/m)
  assert.equal(
    lastLine(text),
    'In stage ingest since 2026-11-24T10:00:00.000Z: 3 of 20 batches done. If it stays there, the pending activities say why.',
  )
})

test('what a run waits for, and how it ended, stand below', () => {
  const waiting = { ...status, stage: 'approve' as const, progress: null, waitingFor: 'a person: update `approve`' }
  assert.match(runPage(page, waiting), /\nIn stage approve since .*Z\.\n\n\*\*Waiting:\*\* a person: update `approve`$/)
  const ended = { ...status, stage: 'ended' as const }
  assert.equal(lastLine(runPage({ ...page, ending: '**promoted**: moved' }, ended)), '**promoted**: moved')
})
