import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join, relative } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createLocalStorage } from '../../src/storage/local.js'
import { openStorage, probe } from '../../src/storage/open.js'
import { collect } from '../support/collect.js'
import { startMinistack } from '../support/ministack.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const server = await startMinistack()
if (server.kind === 'running') after(() => server.stop())

test('a folder is opened by its address, absolute, as a URL or relative, and is left empty by the probe', async (t) => {
  const folder = join(await temporaryFolder(t), 'my store')
  const cacheFolder = join(folder, '../cache')
  for (const path of [
    folder,
    pathToFileURL(folder).pathname && `//${pathToFileURL(folder).pathname}`,
    relative('.', folder),
  ]) {
    const storage = await openStorage(`file:${path}`, { cacheFolder })
    assert.equal(storage.location, pathToFileURL(folder).href)
    assert.deepEqual(await collect(storage.list('')), [])
  }
})

test('an address that is none is refused with an example', async () => {
  for (const uri of ['', '/var/refit', 'file:', 'file://host/x', 's3://', 's3://B/x', 'http://x', 's3://bu']) {
    const error = await rejection(openStorage(uri, { cacheFolder: 'unused' }), 'InvalidInput')
    assert.equal(
      error.message,
      `Cannot open store ${JSON.stringify(uri)}: expected file:FOLDER or s3://BUCKET/PREFIX, for example file:.refit/store.`,
    )
  }
  await rejection(openStorage('s3://bucket/a//b', { cacheFolder: 'unused' }), 'InvalidInput')
})

test('S3 is opened by its address and the usual environment', {
  skip: server.kind === 'missing' ? `NOT TESTED: ${server.reason}` : false,
}, async (t) => {
  if (server.kind === 'missing') return
  const cacheFolder = await temporaryFolder(t)
  const before = { ...process.env }
  t.after(() => {
    process.env = before
  })
  Object.assign(process.env, { AWS_ENDPOINT_URL: server.endpoint, AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's' })
  const bucket = await server.newBucket()
  for (const [uri, location] of [
    [`s3://${bucket}`, `s3://${bucket}`],
    [`s3://${bucket}/`, `s3://${bucket}`],
    [`s3://${bucket}/team/refit/`, `s3://${bucket}/team/refit`],
  ] as const) {
    const storage = await openStorage(uri, { cacheFolder })
    assert.equal(storage.location, location)
    assert.deepEqual(await collect(storage.list('')), [])
  }
  const error = await rejection(openStorage('s3://no-such-bucket', { cacheFolder }), 'StoreUnavailable')
  assert.match(error.message, /there is no such bucket/)
  assert.equal(error.permanent, false)
})

test('a server that passes over If-None-Match is refused at the start, permanently', async (t) => {
  const server = await carelessServer(t)
  const cacheFolder = await temporaryFolder(t)
  const before = { ...process.env }
  t.after(() => {
    process.env = before
  })
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_ACCESS_KEY_ID: 'k',
    AWS_SECRET_ACCESS_KEY: 's',
  })
  const error = await rejection(openStorage('s3://bucket/team', { cacheFolder }), 'StoreUnavailable')
  assert.equal(
    error.message,
    'Cannot use store s3://bucket/team: of two creates of one key the first gave true, the second true, and the object ' +
      'is "second"; expected true, false, "first". Use a store that honours If-None-Match, such as AWS S3, MinIO or ' +
      'versitygw, or a folder (file:…).',
  )
  assert.equal(error.permanent, true)
  assert.deepEqual([...server.objects.keys()], [])
  // Both were asked to be conditional: it is the server that did not care.
  assert.deepEqual(server.conditions, ['*', '*'])
})

/** An S3 server of a few lines that overwrites whatever the condition says, as some do. */
async function carelessServer(t: TestContext) {
  const objects = new Map<string, Buffer>()
  const conditions: (string | undefined)[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const path = new URL(request.url ?? '/', 'http://server').pathname
    if (request.method === 'PUT') {
      conditions.push(request.headers['if-none-match'])
      objects.set(path, Buffer.concat(chunks))
      response.writeHead(200).end()
    } else if (request.method === 'DELETE') {
      objects.delete(path)
      response.writeHead(204).end()
    } else response.writeHead(200).end(objects.get(path))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has an address with a port')
  return { endpoint: `http://127.0.0.1:${address.port}`, objects, conditions }
}

test('a store that overwrites instead of refusing is refused, permanently', async (t) => {
  const real = await createLocalStorage(await temporaryFolder(t))
  const overwriting = Object.assign(Object.create(real), {
    location: 's3://careless',
    create: async (key: string, body: Uint8Array) => {
      await real.replace(key, body)
      return true
    },
    read: (key: string) => real.read(key),
    remove: (key: string) => real.remove(key),
  })
  const error = await rejection(probe(overwriting), 'StoreUnavailable')
  assert.equal(
    error.message,
    'Cannot use store s3://careless: of two creates of one key the first gave true, the second true, and the object is ' +
      '"second"; expected true, false, "first". Use a store that honours If-None-Match, such as AWS S3, MinIO or ' +
      'versitygw, or a folder (file:…).',
  )
  assert.equal(error.permanent, true)
  assert.deepEqual(await collect(real.list('')), [])
})
