import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceWarnings } from '../../src/cli/describe-source.js'
import { RefitError } from '../../src/errors.js'
import { checkPermissions } from '../../src/permissions.js'
import { parseSpec } from '../../src/spec/parse.js'
import type { ModelSpec } from '../../src/spec/spec.js'
import { sharedS3Client } from '../../src/storage/s3-client.js'
import { changed, problemsOf } from '../spec/valid-spec.js'

const specWith = (...lines: readonly string[]) =>
  changed('    kind: files\n    glob: landing/*.csv\n', ['kind: s3', ...lines].map((line) => `    ${line}\n`).join(''))

function specOf(...lines: readonly string[]): ModelSpec {
  const parsed = parseSpec(specWith(...lines))
  return parsed.ok ? parsed.spec : assert.fail(problemsOf(specWith(...lines)))
}

test('a bucket is enough: all its keys, on the server of the environment', () => {
  assert.deepEqual(specOf('bucket: landing').data.source, { kind: 's3', bucket: 'landing', prefix: '', glob: '**' })
})

test('mistakes in an S3 source are told with the way out', () => {
  const cases: [line: string, problem: string][] = [
    [
      'bucket: s3://landing',
      'data.source.bucket: expected the name of a bucket: 3 to 63 lower-case letters, digits, . or -, found "s3://landing". Write a value such as flights-landing.',
    ],
    ['prefix: in/', 'data.source.bucket: expected text, found nothing. Add it, such as bucket: flights-landing.'],
  ]
  for (const [line, problem] of cases) assert.match(problemsOf(specWith(line)), new RegExp(`${escaped(problem)}$`))
  const endpoint = problemsOf(specWith('bucket: landing', 'endpoint: minio:9000'))
  assert.match(endpoint, /data\.source\.endpoint: expected an http or https address, found "minio:9000"/)
})

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

test('the operator allows a bucket by how its address begins, and another server as well', () => {
  const cases: [lines: readonly string[], urls: readonly string[], refused: string | undefined][] = [
    [['bucket: landing', 'prefix: in/'], ['s3://landing/'], undefined],
    [['bucket: landing', 'prefix: in/'], ['s3://landing/in/'], undefined],
    [['bucket: landing', 'prefix: in/'], ['*'], undefined],
    [['bucket: landing', 'prefix: in/'], [], 's3://landing/in/'],
    [['bucket: landing', 'prefix: in'], ['s3://landing/in/'], 's3://landing/in'],
    [['bucket: other'], ['s3://landing/'], 's3://other/'],
    [['bucket: landing', 'endpoint: http://m:9'], ['s3://landing/'], 'http://m:9/'],
    [['bucket: landing', 'endpoint: http://m:9'], ['s3://landing/', 'http://m:9/'], undefined],
  ]
  for (const [lines, urls, refused] of cases) {
    const ask = () => checkPermissions({ spec: specOf(...lines), folder: '/' }, { commands: [], urls, folders: [] })
    if (refused === undefined) ask()
    else
      assert.throws(ask, (thrown) => {
        assert.ok(thrown instanceof RefitError && thrown.code === 'NotAllowed')
        assert.ok(thrown.message.startsWith(`Cannot ask "${refused}" for a spec: `), thrown.message)
        return true
      })
  }
})

test('a source without objects says where it looked', () => {
  const none = { files: 0, filesRead: 0, rows: 0, quarantineShare: 0, labelled: 0, positives: 0 }
  const measure = { ...none, from: null, to: null, reasons: {}, unreadable: [] }
  assert.deepEqual(sourceWarnings(specOf('bucket: landing', 'prefix: in/'), measure), [
    {
      path: 'data.source',
      expected: 'a prefix and a glob that match objects',
      found: 'none in "s3://landing/in/" for "**"',
      wayOut: 'Put the first objects there, or correct them; the glob is over what follows the prefix in a key.',
    },
  ])
})

test('a server has one client in a process, which addresses buckets by path where it is not AWS', async () => {
  const client = sharedS3Client({ endpoint: 'http://m:9' })
  assert.equal(sharedS3Client({ endpoint: 'http://m:9' }), client)
  assert.notEqual(sharedS3Client({ endpoint: 'http://m:9', region: 'eu-central-1' }), client)
  assert.equal(client.config.forcePathStyle, true)
  const endpoint = await client.config.endpoint?.()
  assert.deepEqual([endpoint?.hostname, endpoint?.port], ['m', 9])
  const aws = sharedS3Client({ endpoint: undefined, region: 'eu-central-1' })
  assert.deepEqual([await aws.config.region(), aws.config.forcePathStyle], ['eu-central-1', false])
})
