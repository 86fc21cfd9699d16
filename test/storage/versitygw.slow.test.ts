/** The store and its logs on a server that checks signatures, with two gateway processes on one folder. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { HeadObjectCommand, ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { sha256OfBytes } from '../../src/storage/digest.js'
import { openLog } from '../../src/storage/log.js'
import { openStorage } from '../../src/storage/open.js'
import { createS3Storage } from '../../src/storage/s3.js'
import type { Storage } from '../../src/storage/storage.js'
import { collect } from '../support/collect.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { startVersitygw, VERSITYGW_CREDENTIALS } from '../support/versitygw.js'
import { storageConformance } from './conformance.js'
import { logConformance } from './log-conformance.js'

const server = await startVersitygw(2)
if (server.kind === 'running') after(() => server.stop())
const skip = server.kind === 'missing' ? `NOT TESTED: ${server.reason}` : undefined
const clients = server.kind === 'running' ? server.endpoints.map((_, gateway) => server.client(gateway)) : []

/** A fresh store, and how it is opened again by way of one gateway, or of each in turn. */
async function freshStore(t: TestContext) {
  if (server.kind === 'missing') throw new TypeError('These tests are skipped without a server.')
  const bucket = await server.newBucket()
  const cacheFolder = join(await temporaryFolder(t), 'cache')
  let turn = 0
  const open = (gateway = turn++): Storage => {
    const client = clients[gateway % clients.length]
    if (client === undefined) throw new TypeError('There is a client for each gateway.')
    return createS3Storage({ bucket, prefix: 'team/refit', cacheFolder, client })
  }
  return { bucket, open, server }
}

const subject = {
  skip,
  open: async (t: TestContext) => {
    const { open } = await freshStore(t)
    return async () => open()
  },
}
storageConformance('in S3 (versitygw, two gateways)', subject)
logConformance('in S3 (versitygw, two gateways)', { ...subject, rivals: 12 })

function check(title: string, run: (t: TestContext) => Promise<void>): void {
  test(title, { skip: skip ?? false }, run)
}

check('of 50 creators on both gateways one wins, twenty times, and its bytes stay', async (t) => {
  const { open } = await freshStore(t)
  const gateways = [open(0), open(1)]
  for (let round = 0; round < 20; round++) {
    const key = `races/${round}.txt`
    const attempts = Array.from({ length: 50 }, async (_, index) => {
      const body = `${index}`.repeat(1 + index * 20)
      return (await (gateways[index % 2] ?? open(0)).create(key, Buffer.from(body))) ? body : undefined
    })
    const winners = (await Promise.all(attempts)).filter((body) => body !== undefined)
    assert.equal(winners.length, 1, `round ${round}`)
    for (const gateway of gateways) assert.equal(Buffer.from((await gateway.read(key)) ?? []).toString(), winners[0])
  }
})

check('a log that both gateways append to has no gap, each id once, and each writer in its order', async (t) => {
  const { open } = await freshStore(t)
  const [writers, entriesEach] = [8, 15]
  const numbers = Array.from({ length: writers }, async (_, writer) => {
    const log = openLog(open(writer % 2), 'log', z.number())
    const seqs: number[] = []
    for (let number = 0; number < entriesEach; number++) {
      const outcome = await log.append({ id: `w${writer}-${number}`, actor: `w${writer}`, body: number })
      assert.equal(outcome.kind, 'appended')
      if (outcome.kind === 'appended') seqs.push(outcome.entry.seq)
    }
    return seqs
  })
  const acknowledged = await Promise.all(numbers)
  for (const gateway of [0, 1]) {
    const entries = await collect(openLog(open(gateway), 'log', z.number()).entries())
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      Array.from({ length: writers * entriesEach }, (_, index) => index + 1),
    )
    for (const [writer, seqs] of acknowledged.entries()) {
      const own = entries.filter(({ actor }) => actor === `w${writer}`)
      assert.deepEqual(
        own.map(({ seq, body }) => [seq, body]),
        seqs.map((seq, number) => [seq, number]),
      )
    }
  }
})

check('a file of 100 MB goes in parts with checksums and comes back whole through the other gateway', async (t) => {
  const { bucket, open, server } = await freshStore(t)
  const folder = await temporaryFolder(t)
  const body = randomBytes(100 * 1000 * 1000)
  await writeFile(join(folder, 'large'), body)
  const began = performance.now()
  assert.equal(await open(0).createFromFile('large.bin', join(folder, 'large'), sha256OfBytes(body)), true)
  t.diagnostic(`100 MB in ${Math.round(performance.now() - began)} ms`)
  assert.equal(await open(1).createFromFile('large.bin', join(folder, 'large')), false)
  assert.equal(Buffer.compare(await readFile(await open(1).toLocalFile('large.bin')), body), 0)

  const target = { Bucket: bucket, Key: 'team/refit/large.bin', ChecksumMode: 'ENABLED' as const }
  const head = await server.client().send(new HeadObjectCommand(target))
  // Twelve parts of 8 MiB: the server has a checksum over those of the parts.
  assert.match(head.ChecksumCRC32 ?? 'no checksum', /^[\w+/]{6}==-12$/)
  const uploads = await server.client().send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  assert.deepEqual(uploads.Uploads ?? [], [])
})

check('lists 2,300 keys in pages, from any key on, and passes over what is not of the store', async (t) => {
  const { bucket, open, server } = await freshStore(t)
  const storage = open(0)
  const keys = Array.from({ length: 2_300 }, (_, index) => `many/${String(index).padStart(12, '0')}.json`)
  for (let first = 0; first < keys.length; first += 50) {
    await Promise.all(keys.slice(first, first + 50).map((key) => storage.create(key, Buffer.from('x'))))
  }
  const put = (Key: string) => server.client().send(new PutObjectCommand({ Bucket: bucket, Key, Body: '' }))
  await put('team/refit/by-console/')
  await put('team/refit/many/READ ME.txt')
  assert.deepEqual(await collect(open(1).list('')), keys)
  for (const after of [0, 999, 1_000, 1_001, 2_298, 2_299]) {
    assert.deepEqual(await collect(open(1).list('many/', keys[after])), keys.slice(after + 1))
  }
})

check('an object of somebody else at the place of a folder is told, and is no conflict of writers', async (t) => {
  const { bucket, open, server } = await freshStore(t)
  await server.client().send(new PutObjectCommand({ Bucket: bucket, Key: 'team/refit/datasets', Body: 'x' }))
  const error = await rejection(open(0).create('datasets/a.x', Buffer.from('1')), 'StoreUnavailable')
  assert.match(
    error.message,
    /an object that is not Refit's is at the place of a folder.*\(ObjectParentIsFile\)\. Remove it/,
  )
})

check('a wrong secret and an unknown key are refused by every operation, each with its way out', async (t) => {
  const { bucket, open, server } = await freshStore(t)
  await open(0).create('a.x', Buffer.from('1'))
  const cacheFolder = await temporaryFolder(t)
  const file = join(cacheFolder, 'file')
  await writeFile(file, Buffer.alloc(17 * 1024 * 1024))
  const { accessKeyId } = VERSITYGW_CREDENTIALS
  for (const [credentials, reason] of [
    [{ accessKeyId, secretAccessKey: 'wrong' }, /the secret key is not the one of this access key \(SignatureDoesNot/],
    [
      { accessKeyId: 'nobody', secretAccessKey: 'wrong' },
      /nobody has this access key \(XAdminUserNotFound\)\. Correct/,
    ],
  ] as const) {
    const client = server.client(0, { credentials })
    const storage = createS3Storage({ bucket, prefix: 'team/refit', cacheFolder, client })
    for (const operation of [
      () => storage.read('a.x'),
      () => storage.read('none.x'),
      () => storage.create('b.x', Buffer.from('1')),
      () => storage.replace('b.x', Buffer.from('1')),
      () => storage.remove('a.x'),
      () => collect(storage.list('')),
    ]) {
      const error = await rejection(operation(), 'StoreUnavailable')
      assert.match(error.message, reason)
      assert.equal(error.permanent, false)
    }
    // These begin with a HEAD, whose answer has no body to tell why.
    await rejection(storage.toLocalFile('a.x'), 'StoreUnavailable')
    await rejection(storage.createFromFile('c.x', file), 'StoreUnavailable')
  }
  assert.deepEqual(await collect(open(1).list('')), ['a.x'])
})

check('opened by its address and the usual environment, the store is probed, and a wrong secret told', async (t) => {
  const { bucket, server } = await freshStore(t)
  const cacheFolder = await temporaryFolder(t)
  const before = { ...process.env }
  t.after(() => {
    process.env = before
  })
  const { accessKeyId, secretAccessKey } = VERSITYGW_CREDENTIALS
  Object.assign(process.env, { AWS_ENDPOINT_URL: server.endpoints[0], AWS_ACCESS_KEY_ID: accessKeyId })
  process.env.AWS_SECRET_ACCESS_KEY = secretAccessKey
  const storage = await openStorage(`s3://${bucket}/team`, { cacheFolder })
  assert.deepEqual(await collect(storage.list('')), [])
  process.env.AWS_SECRET_ACCESS_KEY = 'wrong'
  const error = await rejection(openStorage(`s3://${bucket}/team`, { cacheFolder }), 'StoreUnavailable')
  assert.match(error.message, /the secret key is not the one of this access key/)
})
