/** What became known by answers since the last decision, and since the champion was trained. */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { feedPositions } from '../../../src/data/labels/answers.js'
import { findLabelNews, type LabelNewsRequest } from '../../../src/data/labels/label-news.js'
import { labelsOfFeeds } from '../../../src/stages/label-evidence.js'
import { baselinePackage } from '../../../src/stages/packages.js'
import { query } from '../workshop.js'
import { callsSpec, openCalls } from './labels.js'

const NOTHING = { snapshot: 0, answers: {}, asOf: null }

async function open(t: TestContext) {
  const spec = callsSpec()
  const calls = await openCalls(t, spec)
  const folder = join(calls.folder, 'news')
  await mkdir(folder)
  const position = async (asOf: string) => ({
    snapshot: (await openSnapshot(calls.context, 'calls')).seq,
    answers: await feedPositions(calls.context, spec),
    asOf,
  })
  const news = async (change: Partial<LabelNewsRequest>) => {
    const { partitions } = await openSnapshot(calls.context, 'calls')
    return findLabelNews(calls.context, {
      ...{ spec, partitions, folder, changePoint: null, sinceDecision: NOTHING, sinceChampion: NOTHING },
      ...{ asOf: '2026-03-01T00:00:00Z', answers: await feedPositions(calls.context, spec) },
      ...change,
    })
  }
  return { calls, spec, position, news }
}

test('rows that were there are news when they are answered, and no longer when a decision has seen it', async (t) => {
  const { calls, position, news } = await open(t)
  await calls.rows('a,2026-01-01 10:00:00,1,', 'b,2026-01-02 10:00:00,2,true', 'c,2026-01-03 10:00:00,3,')
  const first = await position('2026-01-04T00:00:00Z')
  await calls.rows('d,2026-01-05 10:00:00,4,false', 'e,2026-01-06 10:00:00,5,')
  await calls.answers('checks', 'a,2026-01-07 10:00:00,true', 'e,2026-01-07 10:00:00,false')
  await calls.answers('clicks', 'c,2026-01-07 10:00:00,true')

  const found = await news({ sinceDecision: first, sinceChampion: first, changePoint: '2026-01-05T00:00:00Z' })
  const { live, answered, ...counts } = found
  assert.deepEqual(counts, {
    // d with its row, e and a by a check; b was known.
    verified: { known: 3, positive: 1 },
    weak: { known: 1, positive: 1 },
    newToChampion: 4,
    sinceChange: 2,
    // a by a check, c by a click.
    answeredRows: 2,
  })
  const rows = (file: string) => query(`SELECT id, _label FROM read_parquet('${file}') ORDER BY id`)
  assert.deepEqual(await rows(live.file), [
    { id: 'd', _label: false },
    { id: 'e', _label: false },
  ])
  assert.deepEqual(await rows(answered.file), [{ id: 'a', _label: true }])

  const second = await position('2026-01-08T00:00:00Z')
  const later = await news({ sinceDecision: second, sinceChampion: first })
  assert.deepEqual([later.verified.known, later.weak.known, later.answeredRows], [0, 0, 0])
  assert.deepEqual([later.live.rows, later.answered.rows, later.newToChampion], [0, 0, 4])
})

test('what arrived before a decision and became known after it is news', async (t) => {
  const { calls, position, news } = await open(t)
  await calls.rows('a,2026-01-01 10:00:00,1,', 'b,2026-01-02 10:00:00,2,')
  await calls.answers('checks', 'a,2026-01-20 10:00:00,true', 'b,2026-01-03 10:00:00,true')
  const then = await position('2026-01-10T00:00:00Z')
  const found = await news({ sinceDecision: then, sinceChampion: then })
  assert.deepEqual([found.verified.known, found.newToChampion, found.answered.rows], [1, 1, 1])
  const early = await news({ asOf: '2026-01-10T00:00:00Z' })
  assert.deepEqual([early.verified.known, early.newToChampion, early.live.rows], [1, 1, 2])
})

test('the champion is measured on all rows whose verified label became known, its scores on live rows alone', async (t) => {
  const { calls, spec, position } = await open(t)
  await calls.rows('a,2026-01-01 10:00:00,0.1,', 'b,2026-01-02 10:00:00,0.2,true', 'c,2026-01-03 10:00:00,0.3,')
  const lastDecision = await position('2026-01-04T00:00:00Z')
  await calls.rows('d,2026-01-05 10:00:00,0.4,false', 'e,2026-01-06 10:00:00,0.5,')
  await calls.answers('checks', 'a,2026-01-07 10:00:00,true')
  await calls.answers('clicks', 'c,2026-01-07 10:00:00,true', 'e,2026-01-07 10:00:00,false')
  const { context } = calls
  const snapshot = await openSnapshot(context, 'calls')
  const seen = snapshot.commits
  const evidence = await labelsOfFeeds(
    { storage: context.storage, data: context, openPredictor: () => assert.fail('a rule needs none') },
    {
      ...{ spec, asOf: '2026-03-01T00:00:00Z', snapshot, seen, liveProfile: null, profiles: new Map() },
      live: seen.filter(({ seq }) => seq > lastDecision.snapshot),
      // A rule that gives `x` as score.
      champion: {
        package: baselinePackage(spec, 0.5),
        version: 0,
        registeredAt: '',
        registeredBy: 'test',
        specRevision: 1,
        snapshot: 0,
        trainingRows: 0,
        metrics: {},
      },
      ...{ isAsked: true, changePoint: null, answers: await feedPositions(context, spec), lastDecision },
    },
    { signal: new AbortController().signal, attempt: 1, show: () => {} },
  )
  assert.deepEqual([...(evidence.liveScores ?? [])], [0.4, 0.5])
  assert.deepEqual([...(evidence.scored?.scores ?? [])], [0.4, 0.5, 0.1])
  assert.deepEqual([...(evidence.scored?.labels ?? [])], [0, Number.NaN, 1])
  assert.deepEqual(
    [evidence.live, evidence.weakLabels],
    [
      { known: 2, positive: 1 },
      { known: 2, positive: 1 },
    ],
  )
  assert.deepEqual([evidence.answeredRows, evidence.newLabelledRows], [2, 5])
})
