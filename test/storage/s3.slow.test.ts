import assert from 'node:assert/strict'
import { readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import {
  CompleteMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { createS3Storage } from '../../src/storage/s3.js'
import type { Storage } from '../../src/storage/storage.js'
import { collect } from '../support/collect.js'
import { startMinistack } from '../support/ministack.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { storageConformance } from './conformance.js'
import { logConformance } from './log-conformance.js'

const server = await startMinistack()
if (server.kind === 'running') after(() => server.stop())
const skip = server.kind === 'missing' ? `NOT TESTED: ${server.reason}` : undefined
const bytes = (text: string): Uint8Array => Buffer.from(text)

/** A fresh store on the server, over a client that may misbehave. */
async function freshStore(t: TestContext, meddle: (client: S3Client) => Pick<S3Client, 'send'> = (client) => client) {
  if (server.kind === 'missing') throw new TypeError('These tests are skipped without a server.')
  const bucket = await server.newBucket()
  const cacheFolder = join(await temporaryFolder(t), 'cache')
  const client = meddle(server.client)
  const open = (): Storage => createS3Storage({ bucket, prefix: 'team/refit', cacheFolder, client })
  return { bucket, cacheFolder, client: server.client, open, storage: open() }
}

const subject = {
  skip,
  open: async (t: TestContext) => {
    const { open } = await freshStore(t)
    return async () => open()
  },
}
storageConformance('in S3 (MiniStack)', subject)
logConformance('in S3 (MiniStack)', { ...subject, rivals: 12 })

function check(title: string, run: (t: TestContext) => Promise<void>): void {
  test(title, { skip: skip ?? false }, run)
}

/** A client that treats the commands of one class in its own way. */
function meddling(client: S3Client, name: string, treat: (send: () => Promise<unknown>) => Promise<unknown>) {
  return new Proxy(client, {
    get(target, property) {
      if (property !== 'send') return Reflect.get(target, property)
      return (command: Parameters<S3Client['send']>[0]) => {
        const send = () => target.send(command)
        return command.constructor.name === name ? treat(send) : send()
      }
    },
  })
}

function refusal(status: number, name: string): S3ServiceException {
  return new S3ServiceException({ name, message: name, $fault: 'client', $metadata: { httpStatusCode: status } })
}

check('a create that meets another put asks again until it is decided', async (t) => {
  let conflicts = 3
  const { storage } = await freshStore(t, (client) =>
    meddling(client, PutObjectCommand.name, async (send) => {
      if (conflicts-- > 0) throw refusal(409, 'ConditionalRequestConflict')
      return send()
    }),
  )
  assert.equal(await storage.create('a.x', bytes('1')), true)
  assert.equal(conflicts, -1)
})

check('a conflict that does not end is StoreUnavailable', async (t) => {
  const { storage } = await freshStore(t, (client) =>
    meddling(client, PutObjectCommand.name, async () => {
      throw refusal(409, 'ConditionalRequestConflict')
    }),
  )
  await rejection(storage.create('a.x', bytes('1')), 'StoreUnavailable')
})

check('a large file whose last step conflicts is uploaded again, and leaves no parts behind', async (t) => {
  let conflicts = 1
  const { bucket, client, storage } = await freshStore(t, (real) =>
    meddling(real, CompleteMultipartUploadCommand.name, async (send) => {
      if (conflicts-- > 0) throw refusal(409, 'ConditionalRequestConflict')
      return send()
    }),
  )
  const body = Buffer.alloc(17 * 1024 * 1024, 'abc')
  const path = join(await temporaryFolder(t), 'large')
  await writeFile(path, body)
  assert.equal(await storage.createFromFile('large.x', path), true)
  assert.equal(Buffer.compare((await storage.read('large.x')) ?? new Uint8Array(), body), 0)
  const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  assert.deepEqual(uploads.Uploads ?? [], [])
})

check('of large files that are created at the same time one wins', async (t) => {
  const { open, storage } = await freshStore(t)
  const folder = await temporaryFolder(t)
  const attempts = ['x', 'y', 'z'].map(async (letter) => {
    const path = join(folder, letter)
    await writeFile(path, Buffer.alloc(17 * 1024 * 1024, letter))
    return { letter, won: await open().createFromFile('large.x', path) }
  })
  const winners = (await Promise.all(attempts)).filter(({ won }) => won)
  assert.equal(winners.length, 1)
  assert.equal(String.fromCharCode((await storage.read('large.x'))?.[0] ?? 0), winners[0]?.letter)
})

check('a bucket that is not there is StoreUnavailable, never absent', async (t) => {
  if (server.kind === 'missing') return
  const cacheFolder = await temporaryFolder(t)
  const storage = createS3Storage({ bucket: 'no-such-bucket-here', prefix: '', cacheFolder, client: server.client })
  for (const operation of [
    () => storage.read('a.x'),
    () => storage.create('a.x', bytes('1')),
    () => collect(storage.list('')),
    () => storage.toLocalFile('a.x'),
  ]) {
    const error = await rejection(operation(), 'StoreUnavailable')
    assert.match(error.message, /in store s3:\/\/no-such-bucket-here: there is no such bucket\. Create it/)
  }
})

check('a create whose first answer was lost is true, and one whose key was taken meanwhile is false', async (t) => {
  for (const [rival, expected] of [
    [undefined, true],
    ['other', false],
  ] as const) {
    let sent = 0
    const { bucket, client, storage } = await freshStore(t, (real) =>
      meddling(real, PutObjectCommand.name, async (send) => {
        sent++
        // The SDK's own repetition: the first request landed, or a rival was faster, and the second is refused.
        if (rival === undefined) await send()
        else await real.send(new PutObjectCommand({ Bucket: bucket, Key: 'team/refit/a.x', Body: rival }))
        return send()
      }),
    )
    assert.equal(await storage.create('a.x', bytes('own')), expected)
    assert.equal(sent, 1)
    const kept = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'team/refit/a.x' }))
    assert.equal(await kept.Body?.transformToString(), rival ?? 'own')
  }
})

check('no answer is settled by the object: its own is true, none is StoreUnavailable', async (t) => {
  for (const [name, lands] of [
    ['PutObjectCommand', true],
    ['PutObjectCommand', false],
    ['CompleteMultipartUploadCommand', true],
    ['CompleteMultipartUploadCommand', false],
  ] as const) {
    const { storage } = await freshStore(t, (real) =>
      meddling(real, name, async (send) => {
        if (lands) await send()
        throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' })
      }),
    )
    const path = join(await temporaryFolder(t), 'file')
    await writeFile(path, Buffer.alloc(name === 'PutObjectCommand' ? 10 : 17 * 1024 * 1024))
    if (lands) assert.equal(await storage.createFromFile('a.x', path), true)
    else {
      const error = await rejection(storage.createFromFile('a.x', path), 'StoreUnavailable')
      assert.match(error.message, /no answer \(TimeoutError: socket hang up\)/)
      assert.equal(await storage.read('a.x'), undefined)
    }
  }
})

test('409 is told apart: a conflict of writers is sent again, anything else is not', async (t) => {
  const cacheFolder = await temporaryFolder(t)
  for (const [name, times] of [
    ['ConditionalRequestConflict', 10],
    ['OperationAborted', 10],
    ['ExistingObjectIsDirectory', 1],
  ] as const) {
    let puts = 0
    const send = (command: object) => {
      if (command instanceof PutObjectCommand) puts++
      return Promise.reject(refusal(command instanceof PutObjectCommand ? 409 : 404, name))
    }
    const storage = createS3Storage({ bucket: 'b', prefix: 'p', cacheFolder, client: { send } })
    await rejection(storage.create('a.x', bytes('1')), 'StoreUnavailable')
    assert.equal(puts, times, name)
  }
})

test('refusals tell their way out', async (t) => {
  const cacheFolder = await temporaryFolder(t)
  for (const [status, name, message, permanent] of [
    [403, 'Unknown', /: access denied\. Check the credentials/, false],
    [403, 'ExpiredToken', /: the session has ended \(ExpiredToken\)\. Get new credentials/, false],
    [403, 'RequestTimeTooSkewed', /: the clocks of this host and the server differ .*Set this host's clock\./, false],
    [301, 'PermanentRedirect', /: the bucket is in another region \(PermanentRedirect\)\. Set AWS_REGION/, false],
    [503, 'SlowDown', /: it asks to slow down \(SlowDown\)\. Try again later\./, false],
    [501, 'NotImplemented', /: it cannot do what Refit needs .*Use a store that honours If-None-Match/, true],
  ] as const) {
    const client = { send: () => Promise.reject(refusal(status, name)) }
    const storage = createS3Storage({ bucket: 'b', prefix: 'p', cacheFolder, client })
    const error = await rejection(storage.create('a.x', bytes('1')), 'StoreUnavailable')
    assert.match(error.message, message)
    assert.equal(error.permanent, permanent, name)
  }
})

test('a server that is not there, and one that denies, are StoreUnavailable with a way out', async (t) => {
  const cacheFolder = await temporaryFolder(t)
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  // Port 9 of this host: nothing listens there.
  const nowhere = new S3Client({ endpoint: 'http://127.0.0.1:9', region: 'x', credentials, maxAttempts: 1 })
  t.after(() => nowhere.destroy())
  const denied = { send: () => Promise.reject(refusal(403, 'AccessDenied')) }
  for (const [client, message] of [
    [nowhere, /^Cannot read "a\.x" in store s3:\/\/b\/p: no answer \(.*ECONNREFUSED.*\)\. Check the network/],
    [denied, /^Cannot read "a\.x" in store s3:\/\/b\/p: access denied \(AccessDenied\)\. Check the credentials/],
  ] as const) {
    const storage = createS3Storage({ bucket: 'b', prefix: 'p', cacheFolder, client })
    assert.match((await rejection(storage.read('a.x'), 'StoreUnavailable')).message, message)
  }
})

check('a local copy is used again while it is whole, and fetched again when it is not', async (t) => {
  let downloads = 0
  const { cacheFolder, storage } = await freshStore(t, (client) =>
    meddling(client, 'GetObjectCommand', (send) => {
      downloads++
      return send()
    }),
  )
  await storage.create('parts/a.parquet', bytes('content'))
  const path = await storage.toLocalFile('parts/a.parquet')
  assert.equal(await storage.toLocalFile('parts/a.parquet'), path)
  assert.equal(downloads, 1)

  await truncate(path, 3)
  assert.equal(await readFile(await storage.toLocalFile('parts/a.parquet'), 'utf8'), 'content')
  assert.equal(downloads, 2)

  // A week unused: the next download removes it.
  const longAgo = new Date(Date.now() - 8 * 24 * 60 * 60 * 1000)
  for (const name of await readdir(cacheFolder)) await utimes(join(cacheFolder, name), longAgo, longAgo)
  await storage.create('parts/b.parquet', bytes('other'))
  await storage.toLocalFile('parts/b.parquet')
  assert.deepEqual(
    (await readdir(cacheFolder)).filter((name) => name.includes('a.parquet')),
    [],
  )
})

check('a replaced object is not served from an old copy', async (t) => {
  const { storage } = await freshStore(t)
  await storage.replace('hint.x', bytes('old'))
  await storage.toLocalFile('hint.x')
  await storage.replace('hint.x', bytes('new'))
  assert.equal(await readFile(await storage.toLocalFile('hint.x'), 'utf8'), 'new')
})

check('a download that ends early is StoreUnavailable and leaves no copy', async (t) => {
  const { cacheFolder, storage } = await freshStore(t, (client) =>
    meddling(client, 'GetObjectCommand', async (send) => Object.assign(Object(await send()), { ContentLength: 99 })),
  )
  await storage.create('a.x', bytes('content'))
  const error = await rejection(storage.toLocalFile('a.x'), 'StoreUnavailable')
  assert.match(error.message, /the download ended after 7 of 99 bytes/)
  assert.deepEqual(await readdir(cacheFolder), [])
})
