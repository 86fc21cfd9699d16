/** The second S3 server: it checks signatures, and keeps its objects as files. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { PutObjectCommand, type S3ClientConfig } from '@aws-sdk/client-s3'
import { createS3Source } from '../../src/source/s3.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { startVersitygw } from '../support/versitygw.js'
import { sourceConformance } from './conformance.js'
import { openFaultyProxy } from './faulty-proxy.js'

const server = await startVersitygw()
if (server.kind === 'running') after(() => server.stop())
const skip = server.kind === 'missing' ? `NOT TESTED: ${server.reason}` : false
const NOTHING = { has: () => false, cursor: () => '' }

async function freshBucket(t: TestContext) {
  if (server.kind === 'missing') throw new TypeError('These tests are skipped without a server.')
  const bucket = await server.newBucket()
  const proxy = await openFaultyProxy(t, server.endpoints[0] ?? '')
  return {
    proxy,
    source: (options: S3ClientConfig = {}) =>
      createS3Source({
        bucket,
        prefix: 'in/',
        glob: '**',
        client: server.client(0, { endpoint: proxy.endpoint, ...options }),
      }),
    put: (Key: string, Body: string | Uint8Array) =>
      server.client().send(new PutObjectCommand({ Bucket: bucket, Key, Body })),
  }
}

if (skip === false) {
  sourceConformance('S3 (versitygw)', {
    schedules: 5,
    async open(t) {
      const { proxy, source, put } = await freshBucket(t)
      return {
        source: source(),
        arrive: async (numbers) => {
          await put(`in/${String(numbers[0]).padStart(6, '0')}.txt`, numbers.join('\n'))
        },
        numbersIn: async (bytes) => bytes.toString().split('\n').map(Number),
        async stopAnswering() {
          proxy.fault = () => 'refuse'
          return async () => {
            proxy.fault = () => 'none'
          }
        },
      }
    },
  })
}

test('credentials that are refused make the source unavailable, with the way out', { skip }, async (t) => {
  const { source, put } = await freshBucket(t)
  await put('in/a.csv', 'a')
  const [batch] = (await source().find(NOTHING, { limit: 1 })).batches
  const wrong = source({ credentials: { accessKeyId: 'refit-test', secretAccessKey: 'wrong' } })
  const listed = await rejection(wrong.find(NOTHING, { limit: 1 }), 'SourceUnavailable')
  assert.match(
    listed.message,
    /: the secret key is not the one of this access key \(SignatureDoesNotMatch\)\. Correct AWS_SECRET/,
  )
  assert.equal(listed.permanent, false)
  const to = join(await temporaryFolder(t), 'a')
  await rejection(wrong.fetch(batch ?? assert.fail(), to), 'SourceUnavailable')
})

test('an object is refused once it was replaced, and read on where a connection was cut', { skip }, async (t) => {
  const { proxy, source, put } = await freshBucket(t)
  const body = randomBytes(1 << 20)
  await put('in/a.csv', 'a')
  const [before] = (await source().find(NOTHING, { limit: 1 })).batches
  await put('in/a.csv', body)
  const to = join(await temporaryFolder(t), 'a')
  await rejection(source().fetch(before ?? assert.fail(), to), 'UnreadableSource')
  const [batch] = (await source().find(NOTHING, { limit: 1 })).batches
  let connections = 0
  proxy.fault = () => (connections++ === 0 ? { cutAfter: 300_000 } : 'none')
  await source().fetch(batch ?? assert.fail(), to)
  assert.deepEqual(await readFile(to), body)
  assert.equal(connections, 2)
})
