/** What is asked, how often, and of whom: an API that is busy, broken, or sends its readers elsewhere. */
import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { RefitError } from '../../../src/errors.js'
import { createHttpSource, type HttpSourceOptions } from '../../../src/source/http.js'
import { rejection } from '../../support/rejection.js'
import { look, QUICK, read, sourceOf, startServer } from '../paged-api.js'

const CURSOR = { kind: 'cursor', parameter: 'at', field: 'next' } as const
const LINK = { kind: 'link' } as const
const LAST = { kind: 'lastValue', parameter: 'at', field: 'id' } as const

test('a server that is busy is asked again when it says', async (t) => {
  // A date has no fractions of a second.
  const date = () => new Date(Date.now() + 2000).toUTCString()
  for (const [status, retryAfter, least] of [
    [429, () => '1', 950],
    [503, date, 900],
    [429, () => 'soon', 0],
  ] as const) {
    let asked = 0
    const source = await sourceOf(t, (_, response) => {
      if (asked++ > 0) response.end('[{"id":1}]')
      else response.writeHead(status, { 'retry-after': retryAfter() }).end()
    })
    const began = performance.now()
    assert.equal((await look(source)).batches.length, 1)
    assert.ok(performance.now() - began >= least, `asked again after ${performance.now() - began} ms`)
  }
})

test('a server that wants a long pause is left alone for now', async (t) => {
  let asked = 0
  const source = await sourceOf(t, (_, response) => {
    asked++
    response.writeHead(503, { 'retry-after': '3600' }).end('later')
  })
  const { permanent } = await rejection(look(source), 'SourceUnavailable')
  assert.equal(permanent, false)
  assert.equal(asked, 1)
})

test('an answer that is cut is asked for again, and never taken for a page', async (t) => {
  for (const format of ['json', 'ndjson'] as const) {
    let asked = 0
    const source = await sourceOf(
      t,
      (_, response) => {
        asked++
        const page = format === 'json' ? '[{"id":1},{"id":2}]' : '{"id":1}\n{"id":2}\n'
        if (asked % 3 === 0) return response.end(page)
        response.writeHead(200, asked % 3 === 1 ? { 'content-length': page.length } : {})
        response.write(page.slice(0, 9), () => response.socket?.destroy())
      },
      { format },
    )
    assert.equal((await read(t, source))?.text, '{"id":1}\n{"id":2}\n')
    assert.equal(asked, 3)
  }
})

test('lines of which nothing tells the end are refused, and so is half a line', async (t) => {
  const endless = await sourceOf(
    t,
    (request) => void request.socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"id":1}\n'),
    { format: 'ndjson' },
  )
  assert.match((await rejection(look(endless), 'UnreadableSource')).message, /: nothing tells where it ends; /)
  const half = await sourceOf(t, (_, response) => response.end('{"id":1}\n{"id"'), { format: 'ndjson' })
  assert.match((await rejection(look(half), 'UnreadableSource')).message, /: its last line is not whole\./)
})

test('what an API answers wrong is said', async (t) => {
  const cases: [status: number, body: string | Buffer, Partial<HttpSourceOptions>, RegExp][] = [
    [
      200,
      '<html>',
      {},
      /^UnreadableSource Cannot read page http:\S+: it is no JSON: \w+ at character 0\. Check the API, /,
    ],
    [200, '{"rows":[]}', {}, /: it is no array: name its place in data\.source\.records\./],
    [200, '{"rows":{}}', { records: 'rows' }, /: it has no array "rows"\./],
    [200, Buffer.from([0x5b, 0xff, 0x5d]), {}, /: it is not UTF-8\./],
    [
      200,
      '{"rows":[],"next":{}}',
      { records: 'rows', paging: CURSOR },
      /: its "next", which leads to the next page, is /,
    ],
    [200, '[{"id":1},{"id":null}]', { paging: LAST }, /: a record has no text or number "id", by which /],
    [200, '[{"id":1},{"id":1}]', { paging: LAST }, /: its last two records have the same id, so that a third /],
    [200, '['.repeat(200_000), {}, /^UnreadableSource /],
    [400, 'no such table', {}, /^InvalidInput .*: the API answered HTTP 400: no such table\. Check url and paging /],
    [302, '', {}, /^InvalidInput .*: the API answered HTTP 302/],
    [500, 'oops', {}, /^SourceUnavailable .*: the API answered HTTP 500: oops\. Check that the API runs /],
    [
      401,
      'who?',
      {},
      /^SourceUnavailable .*refused the worker \(HTTP 401\)\. Name the variable that holds its token in /,
    ],
    [
      403,
      '',
      { tokenEnv: 'KEY', env: { KEY: 'secret' } },
      /\(HTTP 403\)\. Check the token in KEY \(data\.source\.tokenEnv\)\.$/,
    ],
    [418, 'Bearer secret', { tokenEnv: 'KEY', env: { KEY: 'secret' } }, /HTTP 418: …\./],
    [200, '', { tokenEnv: 'KEY' }, /^SourceUnavailable .*: the environment variable KEY is not set\. /],
    [200, '', { tokenEnv: 'KEY', env: { KEY: 'sec\nret' } }, /the environment variable KEY holds no token: only ASCII/],
    [200, gzipSync(Buffer.alloc(65 << 20, ' ')), {}, /^InvalidInput .*: it is larger than 64 MiB\. /],
  ]
  for (const [status, body, options, expected] of cases) {
    const headers = body.length > 2 && body[0] === 0x1f ? { 'content-encoding': 'gzip' } : {}
    const source = await sourceOf(t, (_, response) => response.writeHead(status, headers).end(body), options)
    await assert.rejects(look(source), (thrown) => {
      assert.ok(thrown instanceof RefitError, String(thrown))
      assert.match(`${thrown.code} ${thrown.message}`, expected)
      return true
    })
  }
})

test('a token goes to its own server only, and nobody is sent where the operator allows nothing', async (t) => {
  const seen: string[] = []
  const answer =
    (name: string, location: () => string | undefined): RequestListener =>
    ({ headers }, response) => {
      seen.push(`${name} ${headers.authorization ?? '-'} ${headers['x-tenant'] ?? '-'}`)
      const to = location()
      if (to === undefined) response.end('[{"id":1}]')
      else response.writeHead(307, { location: to }).end()
    }
  const other = await startServer(
    t,
    answer('other', () => undefined),
  )
  let location = '/moved'
  const options = { tokenEnv: 'KEY', env: { KEY: ' secret\n' }, headers: { 'X-Tenant': 'sales' } }
  const url = await startServer(t, (request, response) =>
    answer('own', () => (request.url === '/moved' ? undefined : location))(request, response),
  )
  assert.equal((await look(createHttpSource({ ...QUICK, ...options, paging: LINK, url }))).batches.length, 1)
  location = `${other}/`
  assert.equal((await look(createHttpSource({ ...QUICK, ...options, paging: LINK, url }))).batches.length, 1)
  assert.deepEqual(seen, ['own Bearer secret sales', 'own Bearer secret sales', 'own Bearer secret sales', 'other - -'])
  const checkAddress = (address: string) => {
    if (!address.startsWith(url)) throw new RefitError('NotAllowed', `not ${address}`)
  }
  await rejection(look(createHttpSource({ ...QUICK, ...options, paging: LINK, url, checkAddress })), 'NotAllowed')
  assert.equal(seen.filter((line) => line.startsWith('other')).length, 1)
  location = '/'
  const circle = createHttpSource({ ...QUICK, ...options, paging: LINK, url })
  assert.match((await rejection(look(circle), 'InvalidInput')).message, /redirected more than 5 times/)
})

test('a next page is on the same server', async (t) => {
  const other = await startServer(t, (_, response) => response.end('[]'))
  const source = await sourceOf(t, (_, response) => {
    response.setHeader('link', `<${other}/2>; rel="next"`).end('[{"id":1}]')
  })
  assert.match((await rejection(read(t, source), 'NotAllowed')).message, /: it is not on the server of http:/)
})

test('a page that takes too long is given up, and so is a wait that is stopped', async (t) => {
  const silent = await sourceOf(t, () => {}, { timeoutSeconds: 0.05 })
  assert.match((await rejection(look(silent), 'SourceUnavailable')).message, /: no answer within 0\.05 seconds\. /)
  const busy = await sourceOf(t, (_, response) => response.writeHead(503, { 'retry-after': '60' }).end())
  for (const source of [busy, await sourceOf(t, (_, response) => void response.write('['))]) {
    const stop = new AbortController()
    const began = performance.now()
    const reading = rejection(read(t, source, '', stop.signal), 'Cancelled')
    await wait(100)
    stop.abort()
    await reading
    assert.ok(performance.now() - began < 1500)
  }
})
