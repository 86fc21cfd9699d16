import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { openSnapshot } from '../../src/data/dataset/snapshot.js'
import { feedPositions } from '../../src/data/labels/answers.js'
import { selectRows } from '../../src/data/selection/select.js'
import { feedSpec } from '../../src/spec/datasets.js'
import { LabelFeed, LabelRequest } from '../../src/spec/label-feed.js'
import { flightsSpec, openWorkshop, table } from '../data/workshop.js'
import { packageFile } from '../support/example-file.js'

const page = readFileSync(packageFile('docs/labels.md'), 'utf8')
const examples = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, text = '']) => text)

const Example = z.strictObject({
  data: z.strictObject({ labels: z.record(z.string(), LabelFeed).optional(), labelRequest: LabelRequest.optional() }),
})

test('the example of docs/labels.md runs: its answers become the labels of its rows', async (t) => {
  const [feed, request] = examples('yaml').map((text) => Example.parse(parse(text)).data)
  const spec = flightsSpec(
    {
      columns: { id: { type: 'string' }, at: { type: 'timestamp' }, x: { type: 'number' } },
      ...{ derived: {}, eventTime: 'at', features: ['x'], label: {}, ...feed, ...request },
    },
    { baseline: { kind: 'rule', score: 'x' } },
  )
  const workshop = await openWorkshop(t)
  const rows = 'id,at,x\nA-17,2026-01-01,1\nA-18,2026-01-01,2\nA-19,2026-01-01,3\n'
  await workshop.ingest(spec, await workshop.put('in/rows.csv', rows))
  const answers = await workshop.put('in/answers.csv', examples('csv')[0] ?? '')
  const { commit } = await workshop.ingest(feedSpec(spec, 'checks'), answers)
  assert.equal(commit.receipt.kept, 3)
  const { training } = await selectRows(workshop.context, {
    ...{ spec, holdoutDays: 0, asOf: '2026-02-01T00:00:00Z', seed: 1, validationShare: 0 },
    window: { from: null, to: '2026-02-01T00:00:00Z', maxRows: 10, oldUntil: null, oldShare: null },
    snapshot: await openSnapshot(workshop.context, 'flights'),
    answers: await feedPositions(workshop.context, spec),
  })
  assert.deepEqual(
    (await table(workshop, training.uri)).map(({ x, label }) => [x, label]),
    [
      [1, 1],
      [2, 0],
    ],
  )
})
