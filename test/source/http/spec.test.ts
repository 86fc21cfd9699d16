/** What a spec says of an HTTP source, and what the operator allows of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceWarnings } from '../../../src/cli/describe-source.js'
import { RefitError } from '../../../src/errors.js'
import { checkPermissions } from '../../../src/permissions.js'
import { parseSpec } from '../../../src/spec/parse.js'
import type { ModelSpec } from '../../../src/spec/spec.js'
import { changed, problemsOf } from '../../spec/valid-spec.js'

const URL_LINE = 'url: https://api.example.com/v1/orders'
const PAGING_LINE = 'paging: { kind: link }'

const specWith = (...lines: readonly string[]) =>
  changed(
    '    kind: files\n    glob: landing/*.csv\n',
    ['kind: http', ...lines].map((line) => `    ${line}\n`).join(''),
  )

function specOf(...lines: readonly string[]): ModelSpec {
  const parsed = parseSpec(specWith(...lines))
  return parsed.ok ? parsed.spec : assert.fail(problemsOf(specWith(...lines)))
}

test('an address and the way of paging are enough', () => {
  assert.deepEqual(specOf(URL_LINE, PAGING_LINE).data.source, {
    kind: 'http',
    url: 'https://api.example.com/v1/orders',
    format: 'json',
    paging: { kind: 'link' },
    headers: {},
    batchRows: 50_000,
    timeoutSeconds: 60,
  })
})

test('mistakes in an HTTP source are told', () => {
  const cases: [lines: readonly string[], problem: RegExp][] = [
    [['url: ftp://api', PAGING_LINE], /data\.source\.url: expected an http or https address, found "ftp:\/\/api"\./],
    [[URL_LINE], /data\.source\.paging/],
    [
      [URL_LINE, 'paging: { kind: page }'],
      /data\.source\.paging\.kind: expected one of "cursor", "link" or "lastValue"/,
    ],
    [
      [URL_LINE, 'paging: { kind: lastValue, field: id }'],
      /data\.source\.paging\.parameter: .*, such as parameter: after/,
    ],
    [
      [URL_LINE, PAGING_LINE, 'headers: { authorization: x }'],
      /data\.source\.headers: expected names of headers that hold no/,
    ],
    [[URL_LINE, PAGING_LINE, 'headers: { X-A: "é" }'], /data\.source\.headers\.X-A: expected printable ASCII/],
    [[URL_LINE, PAGING_LINE, 'tokenEnv: a-b'], /data\.source\.tokenEnv: expected the name of an environment variable/],
  ]
  for (const [lines, problem] of cases) assert.match(problemsOf(specWith(...lines)), problem)
})

test('the operator allows an address as it will be asked', () => {
  const cases: [line: string, urls: readonly string[], isAllowed: boolean][] = [
    [URL_LINE, ['https://api.example.com/'], true],
    [URL_LINE, ['*'], true],
    [URL_LINE, [], false],
    [URL_LINE, ['https://api.example.com/v2/'], false],
    ['url: https://api.example.com/v1/../admin', ['https://api.example.com/v1/'], false],
    ['url: https://api.example.com/v1/%2e%2e/admin', ['https://api.example.com/v1/'], false],
  ]
  for (const [line, urls, isAllowed] of cases) {
    const ask = () =>
      checkPermissions({ spec: specOf(line, PAGING_LINE), folder: '/' }, { commands: [], urls, folders: [] })
    if (isAllowed) ask()
    else assert.throws(ask, (thrown) => thrown instanceof RefitError && thrown.code === 'NotAllowed', line)
  }
})

test('a source without records says where it looked', () => {
  const none = { files: 0, filesRead: 0, rows: 0, quarantineShare: 0, labelled: 0, positives: 0 }
  const measure = { ...none, from: null, to: null, reasons: {}, unreadable: [] }
  assert.deepEqual(sourceWarnings(specOf(URL_LINE, PAGING_LINE), measure), [
    {
      path: 'data.source.url',
      expected: 'pages with records',
      found: 'none at "https://api.example.com/v1/orders"',
      wayOut: 'Correct url, and where the records are; or wait for the first ones.',
    },
  ])
})
