import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { test } from 'node:test'
import { collectBatches } from '../../src/data/ingestion/collect.js'
import { ingestBatch } from '../../src/data/ingestion/ingest.js'
import type { HttpSourceOptions } from '../../src/source/http.js'
import { flightsSpec, openWorkshop, table } from '../data/workshop.js'
import { rejection } from '../support/rejection.js'
import { sourceConformance } from './conformance.js'
import { look, openPagedApi, type PagedApi, read, sourceOf } from './paged-api.js'

const CURSOR = { kind: 'cursor', parameter: 'at', field: 'meta.next' } as const
const HEADER = { kind: 'cursor', parameter: 'at', field: 'X-Next' } as const
const LINK = { kind: 'link' } as const
const COLUMNS = {
  date: { type: 'timestamp' },
  delay: { type: 'integer' },
  distance: { type: 'integer' },
}
const LAST = { kind: 'lastValue', parameter: 'at', field: 'id' } as const

const APIS: readonly [name: string, api: PagedApi][] = [
  ['a cursor', { format: 'json', records: 'data.rows', paging: CURSOR, hasTags: true }],
  ['a cursor from full pages on', { format: 'json', records: 'data.rows', paging: CURSOR, names: 'whenFull' }],
  [
    'a cursor from every page',
    { format: 'json', records: 'data.rows', paging: CURSOR, names: 'always', hasTags: true },
  ],
  ['a cursor in a header', { format: 'ndjson', paging: HEADER, hasTags: true }],
  ['a link header', { format: 'json', paging: LINK, hasTags: true, hangsUp: true }],
  ['a link in the page', { format: 'json', records: 'data.rows', paging: { kind: 'link', field: 'meta.next' } }],
  ['the last value', { format: 'json', paging: LAST, hasTags: true }],
  ['the last value of lines', { format: 'ndjson', paging: LAST, hangsUp: true }],
]
for (const [name, api] of APIS) {
  sourceConformance(`http by ${name}`, { open: (t) => openPagedApi(t, api), schedules: 10 })
}

test('records are the text that came: numbers keep their digits, and each record is one line', async (t) => {
  const rows = [
    '{"id": 12345678901234567890,\r\n  "price": 0.10, "x": 1e400}',
    '{"a":"\\n\\u2028é","__proto__":[[{}]]}',
    '7',
    '[1,\n2]',
  ]
  const page = `\ufeff{"data": {"items": [${rows.join(',\n')}]}, "n": 0.10}`
  const source = await sourceOf(t, (_, response) => response.end(page), { records: 'data.items' })
  const expected = ['{"id": 12345678901234567890,   "price": 0.10, "x": 1e400}', rows[1], '7', '[1, 2]']
  assert.equal((await read(t, source))?.text, `${expected.join('\n')}\n`)
})

test('lines are the bytes that came, whatever they hold', async (t) => {
  const body = Buffer.from('\ufeff{"id": 0.10}\r\n\n no json \n{"id": 2}')
  body[body.indexOf('no')] = 0xff
  const source = await sourceOf(t, (_, response) => response.end(body), { format: 'ndjson' })
  assert.equal((await read(t, source))?.text, '{"id": 0.10}\n \ufffdo json \n{"id": 2}\n')
})

test('the last value is sent with the digits that came', async (t) => {
  const asked: string[] = []
  const source = await sourceOf(
    t,
    (request, response) => {
      asked.push(request.url ?? '')
      response.end(asked.length === 1 ? '[{"key": {"id": 1}}, {"key": {"id": 12345678901234567890}}]' : '[]')
    },
    { paging: { kind: 'lastValue', parameter: 'after', field: 'key.id' } },
  )
  await read(t, source)
  assert.deepEqual(asked, ['/', '/?after=12345678901234567890'])
})

test('a last page that grows gives what was added, and then the next page', async (t) => {
  const api = { format: 'json', records: 'data.rows', paging: CURSOR } as const
  const { source, arrive, asked } = await openPagedApi(t, { ...api, hasTags: true })
  await arrive([1, 2, 3])
  const first = await read(t, source)
  assert.equal(first?.text, '{"id":1}\n{"id":2}\n{"id":3}\n')
  assert.deepEqual((await look(source, first.upTo)).batches, [])
  await arrive([4, 5])
  const second = await read(t, source, first.upTo)
  assert.equal(second?.text, '{"id":4}\n{"id":5}\n')
  assert.deepEqual(asked.slice(-2), ['/rows?size=2&at=2', '/rows?size=2&at=4'])
  assert.equal(await read(t, source, second.upTo), undefined)
})

test('taken records that changed or went are an error, not a guess', async (t) => {
  let page = '[{"id":1},{"id":2}]'
  const source = await sourceOf(t, (_, response) => response.end(page))
  const { upTo } = (await read(t, source)) ?? assert.fail()
  for (const changed of ['[{"id":1},{"id":3},{"id":4}]', '[{"id":1}]', '[{"id":0},{"id":1},{"id":2}]']) {
    page = changed
    const { permanent, message } = await rejection(look(source, upTo), 'UnreadableSource')
    assert.match(
      message,
      /: the first 2 records, which were taken before, changed; only an API that adds can be read\./,
    )
    assert.equal(permanent, false)
  }
})

test('a batch is named by the page that it begins on', async (t) => {
  const { source, arrive } = await openPagedApi(t, { format: 'json', paging: LINK })
  const names: string[] = []
  let cursor = ''
  for (const arrived of [[1], [2, 3], [4, 5, 6, 7, 8, 9]]) {
    await arrive(arrived)
    for (let next = await look(source, cursor); next.batches.length > 0; next = await look(source, cursor)) {
      names.push(next.batches[0]?.path.replace(/^.*:\d+/, '') ?? '')
      cursor = (await read(t, source, cursor))?.upTo ?? assert.fail()
    }
  }
  assert.deepEqual(names, [
    '/rows?size=2',
    '/rows?size=2 after 1 records',
    '/rows?size=2&at=2 after 1 records',
    '/rows?size=2&at=8',
  ])
})

test('a batch ends with the page that has its last row', async (t) => {
  const { source, arrive } = await openPagedApi(t, { format: 'json', paging: LINK })
  await arrive([1, 2, 3, 4, 5, 6, 7])
  const first = await read(t, source)
  assert.equal(first?.text.split('\n').length, 7)
  assert.match((await read(t, source, first.upTo))?.text ?? '', /^{ +"id": 7 +}\n$/)
})

test('a tag saves the page, but not where a header leads on', async (t) => {
  const statuses: number[] = []
  const answer: RequestListener = (request, response) => {
    const { 'if-none-match': tag } = request.headers
    statuses.push(tag === undefined ? 200 : 304)
    if (tag === undefined) response.setHeader('etag', '"1"').end('{"next": null, "rows": [{"id":1}]}')
    else response.writeHead(304).end()
  }
  for (const [paging, expected] of [
    [{ kind: 'link', field: 'next' }, [200, 304]],
    [LINK, [200, 200]],
  ] as const) {
    statuses.length = 0
    const source = await sourceOf(t, answer, { records: 'rows', paging })
    const { upTo } = (await read(t, source)) ?? assert.fail()
    assert.deepEqual(await look(source, upTo), { batches: [], isLast: true })
    assert.deepEqual(statuses, expected)
  }
})

test('paging that does not lead on is an error', async (t) => {
  const pages: [paging: HttpSourceOptions['paging'], body: string, RegExp][] = [
    [{ ...CURSOR, field: 'next' }, '{"rows":[{"id":1}],"next":"a"}', /: it leads back\. Check that paging /],
    [{ kind: 'link', field: 'next' }, '{"rows":[{"id":1}],"next":"/?"}', /: it leads back\./],
    [LAST, '{"rows":[{"id":1},{"id":2}]}', /: it leads back|begins with id 2/],
  ]
  for (const [paging, body, expected] of pages) {
    const source = await sourceOf(t, (_, response) => response.end(body), { records: 'rows', paging })
    await assert.rejects(read(t, source), expected)
  }
  const inclusive = await sourceOf(
    t,
    (request, response) => response.end(request.url === '/' ? '[{"id":1},{"id":2}]' : '[{"id":2},{"id":3}]'),
    { paging: LAST },
  )
  await assert.rejects(read(t, inclusive), /: it begins with id 2, after which it was asked to begin\./)
  let page = 0
  const hollow = await sourceOf(t, (_, response) => response.setHeader('link', `</${page++}>; rel=next`).end('[]'))
  await assert.rejects(look(hollow), /: 1001 pages in a row have no record\./)
})

test('a cursor of another way of paging is refused', async (t) => {
  const { source, arrive } = await openPagedApi(t, { format: 'json', paging: LINK })
  await arrive([1])
  const { upTo } = (await read(t, source)) ?? assert.fail()
  const other = await sourceOf(t, (_, response) => response.end('[]'), { paging: LAST })
  const { message } = await rejection(look(other, upTo), 'InvalidInput')
  assert.match(message, /: it was read by link, not by lastValue\. Restore data\.source\.paging /)
})

test('a batch that failed in this run is not named again', async (t) => {
  const { source, arrive } = await openPagedApi(t, { format: 'json', paging: LINK })
  await arrive([1])
  const found = await source.find({ has: () => true, cursor: () => '' }, { limit: 1 })
  assert.deepEqual(found, { batches: [], isLast: true })
})

test('what an API gives is ingested once, page by page, and the log knows where it stands', async (t) => {
  const workshop = await openWorkshop(t)
  const spec = flightsSpec({ columns: { ...COLUMNS, id: { type: 'string' } }, features: ['distance'], derived: {} })
  const rows: string[] = []
  const from = await sourceOf(
    t,
    (request, response) => {
      const after = new URL(request.url ?? '', 'http://127.0.0.1').searchParams.get('after')
      const start = after === null ? 0 : rows.findIndex((row) => row.startsWith(`{"id":${after},`)) + 1
      response.end(`[${rows.slice(start, start + 2).join(',')}]`)
    },
    { paging: { kind: 'lastValue', parameter: 'after', field: 'id' }, batchRows: 3 },
  )
  const arrive = (...ids: string[]) =>
    rows.push(...ids.map((id) => `{"id":${id},"date":"2001-01-01T10:00:00","delay":1,"distance":700}`))
  const bringIn = async () => {
    const found = await collectBatches(workshop.context, { dataset: spec.model, from, limit: 10 })
    const [source] = found.batches
    if (source === undefined) return undefined
    return ingestBatch(workshop.context, { spec, specRevision: 1, from, source, actor: 'test' })
  }
  arrive('12345678901234567890', '12345678901234567891', '3')
  const first = (await bringIn()) ?? assert.fail()
  assert.equal(first.commit.receipt.kept, 3)
  const ids = (await table(workshop, first.commit.partition?.uri ?? '')).map(({ id }) => id)
  assert.deepEqual(ids, ['12345678901234567890', '12345678901234567891', '3'])
  assert.equal(await bringIn(), undefined)
  arrive('7', '8', '9', '10', '11')
  assert.equal((await bringIn())?.commit.receipt.kept, 4)
  assert.equal((await bringIn())?.commit.receipt.kept, 1)
  assert.equal(await bringIn(), undefined)
})
