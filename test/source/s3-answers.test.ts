/** What the source makes of answers that no server of ours gives when it is asked to. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { S3Client } from '@aws-sdk/client-s3'
import { createS3Source } from '../../src/source/s3.js'
import type { Source } from '../../src/source/source.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { listen } from './faulty-proxy.js'

const BATCH = { path: 's3://b/in/a.csv', bytes: 10, modifiedAt: '2024-01-01T00:00:00.000Z', version: '"v"' }
const NOTHING = { has: () => false, cursor: () => '' }
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }

type Answer = (request: IncomingMessage, response: ServerResponse) => void

function sourceAt(t: TestContext, endpoint: string, credentials: S3Credentials = CREDENTIALS): Source {
  const client = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 })
  t.after(() => client.destroy())
  return createS3Source({ bucket: 'b', prefix: 'in/', glob: '**', client })
}
type S3Credentials = NonNullable<ConstructorParameters<typeof S3Client>[0]>['credentials'] & {}

/** A source on a server that answers so. */
async function answered(t: TestContext, answer: Answer): Promise<Source> {
  const server = createServer(answer)
  const port = await listen(server)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return sourceAt(t, `http://127.0.0.1:${port}`)
}

const refusing =
  (status: number, code: string): Answer =>
  (_, response) => {
    const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>words</Message></Error>`
    response.writeHead(status, { 'content-type': 'application/xml' }).end(body)
  }

async function fetching(t: TestContext, source: Source, batch = BATCH) {
  return source.fetch(batch, join(await temporaryFolder(t), 'batch'))
}

const ACCESS = 'Check the credentials, and that they allow s3:GetObject on its objects and s3:ListBucket on the bucket.'
const NOBODY =
  'nobody has this access key (XAdminUserNotFound). Correct AWS_ACCESS_KEY_ID, or the profile, or AWS_ENDPOINT_URL.'

test('while a bucket cannot be listed, the error says why and what to do', async (t) => {
  const cases: [status: number, code: string, reason: string][] = [
    [403, 'AccessDenied', `access denied (AccessDenied). ${ACCESS}`],
    [404, 'XAdminUserNotFound', NOBODY],
    [400, 'ExpiredToken', 'the session has ended (ExpiredToken). Get new credentials, with their AWS_SESSION_TOKEN.'],
    [
      301,
      'PermanentRedirect',
      'the bucket is in another region (PermanentRedirect). Set data.source.region of the spec to it.',
    ],
    [503, 'SlowDown', 'it asks to slow down (SlowDown). Try again later.'],
    [500, 'InternalError', 'it answered 500 InternalError: words. Try again; see the cause.'],
  ]
  for (const [status, code, reason] of cases) {
    const source = await answered(t, refusing(status, code))
    const error = await rejection(source.find(NOTHING, { limit: 1 }), 'SourceUnavailable')
    assert.equal(error.message, `Cannot look for batches in "s3://b/in/": ${reason}`)
    assert.equal(error.permanent, false)
  }
})

test('credentials that are refused concern every batch, also where the server says 404', async (t) => {
  const source = await answered(t, refusing(404, 'XAdminUserNotFound'))
  const error = await rejection(fetching(t, source), 'SourceUnavailable')
  assert.equal(error.message, `Cannot read batch "s3://b/in/a.csv": ${NOBODY}`)
})

test('without an answer, or without credentials, the source is unavailable for now', async (t) => {
  const nobody = sourceAt(t, 'http://127.0.0.1:9')
  const unanswered = await rejection(nobody.find(NOTHING, { limit: 1 }), 'SourceUnavailable')
  assert.match(
    unanswered.message,
    /^Cannot look for batches in "s3:\/\/b\/in\/": no answer \(.*ECONNREFUSED.*\)\. Check the network, and data\.source\.endpoint/,
  )
  await rejection(fetching(t, nobody), 'SourceUnavailable')
  const none = sourceAt(t, 'http://127.0.0.1:9', async () => {
    throw Object.assign(new Error('nothing is set'), { name: 'CredentialsProviderError' })
  })
  const unknown = await rejection(none.find(NOTHING, { limit: 1 }), 'SourceUnavailable')
  assert.match(unknown.message, /: no credentials were found \(nothing is set\)\. Set AWS_ACCESS_KEY_ID/)
})

test('an object that is archived concerns its batch alone', async (t) => {
  const source = await answered(t, refusing(403, 'InvalidObjectState'))
  const error = await rejection(fetching(t, source), 'UnreadableSource')
  assert.equal(error.permanent, false)
  assert.match(error.message, /^Cannot read batch "s3:\/\/b\/in\/a\.csv": it is archived\. Restore it/)
})

test('an object of another size than was found is refused', async (t) => {
  for (const body of ['ninebytes', 'eleven bytes']) {
    const whole = await answered(t, (_, response) => response.end(body))
    assert.match((await rejection(fetching(t, whole), 'UnreadableSource')).message, /overwritten/)
  }
  // A chunked answer does not say how long it is.
  const chunked = await answered(t, (_, response) => {
    response.write('eleven ')
    response.end('bytes')
  })
  assert.match((await rejection(fetching(t, chunked), 'UnreadableSource')).message, /overwritten/)
})

test('bytes that do not have their checksum are refused, and not completed by others', async (t) => {
  let requests = 0
  const body = Buffer.alloc(1 << 20, 'x')
  const source = await answered(t, (_, response) => {
    requests++
    response.writeHead(200, { 'x-amz-checksum-crc32': 'AAAAAA==', 'content-length': body.length }).end(body)
  })
  const error = await rejection(fetching(t, source, { ...BATCH, bytes: body.length }), 'SourceUnavailable')
  assert.match(error.message, /: the connection broke after \d+ of 1048576 bytes \(Checksum mismatch: /)
  assert.equal(requests, 1)
})

test('only what was found is asked for, and only the rest after a break', async (t) => {
  const asked: (string | undefined)[] = []
  const source = await answered(t, ({ headers }, response) => {
    asked.push(headers['if-match'], headers.range)
    if (asked.length === 2) {
      response.writeHead(200, { 'content-length': 10 }).write('0123', () => response.destroy())
      return
    }
    response.writeHead(206, { 'content-length': 6, 'content-range': 'bytes 4-9/10' }).end('456789')
  })
  const fetched = await fetching(t, source)
  assert.equal(fetched?.batch.bytes, 10)
  assert.equal(fetched?.sha256, '84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882')
  assert.deepEqual(asked, ['"v"', undefined, '"v"', 'bytes=4-'])
})

test('a server that cannot go on from the middle of an object is not believed', async (t) => {
  let requests = 0
  const source = await answered(t, (_, response) => {
    requests++
    response.writeHead(200, { 'content-length': 10 }).write('0123', () => response.destroy())
  })
  const error = await rejection(fetching(t, source), 'SourceUnavailable')
  assert.match(error.message, /after 4 of 10 bytes the connection broke, and the server cannot go on from there\./)
  assert.equal(requests, 2)
})

test('without a version, nothing is put together from two answers', async (t) => {
  let requests = 0
  const source = await answered(t, (_, response) => {
    requests++
    response.writeHead(200, { 'content-length': 10 }).write('0123', () => response.destroy())
  })
  const { version: _, ...batch } = BATCH
  const to = join(await temporaryFolder(t), 'batch')
  await rejection(source.fetch(batch, to), 'SourceUnavailable')
  assert.equal(requests, 1)
})

test('a batch of another place is not read', async (t) => {
  const source = sourceAt(t, 'http://127.0.0.1:9')
  for (const path of ['s3://other/in/a.csv', 's3://b/secret/a.csv', 'in/a.csv']) {
    const error = await rejection(fetching(t, source, { ...BATCH, path }), 'InvalidInput')
    assert.equal(error.message, `Cannot read batch "${path}": the source of the spec is "s3://b/in/". Collect again.`)
  }
})
