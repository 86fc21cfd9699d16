import assert from 'node:assert/strict'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { sha256OfBytes } from '../../src/storage/digest.js'
import { createLocalStorage } from '../../src/storage/local.js'
import { objectFile, putBytes, putFile, putJson, readJson, readObject } from '../../src/storage/objects.js'
import { collect } from '../support/collect.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'

async function freshStore(t: TestContext) {
  const folder = await temporaryFolder(t)
  return { folder, storage: await createLocalStorage(join(folder, 'store')) }
}

test('bytes, files and JSON come back as they were put, under the digest of their content', async (t) => {
  const { folder, storage } = await freshStore(t)
  const body = Buffer.from('hello')
  const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
  const expected = { uri: `o/${sha256}.txt`, sha256, bytes: 5 }
  assert.deepEqual(await putBytes(storage, 'o', body, { extension: '.txt' }), expected)

  await writeFile(join(folder, 'hello'), body)
  const ref = await putFile(storage, 'o', join(folder, 'hello'), { extension: '.txt', rows: 3 })
  assert.deepEqual(ref, { ...expected, rows: 3 })
  assert.deepEqual(await collect(storage.list('')), [expected.uri])
  assert.equal(Buffer.from(await readObject(storage, ref)).toString(), 'hello')
  assert.equal(await readFile(await objectFile(storage, ref), 'utf8'), 'hello')

  const json = await putJson(storage, 'o', { a: [1, null] })
  assert.match(json.uri, /^o\/[0-9a-f]{64}\.json$/)
  assert.deepEqual(await readJson(storage, json), { a: [1, null] })
  const Shape = z.object({ a: z.array(z.number().nullable()) })
  assert.deepEqual((await readJson(storage, json, Shape)).a, [1, null])
})

test('any bytes come back', async (t) => {
  const { storage } = await freshStore(t)
  const property = fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (body) => {
    const ref = await putBytes(storage, 'any', body, { extension: '.bin' })
    assert.deepEqual(new Uint8Array(await readObject(storage, ref)), body)
    assert.equal(ref.sha256, sha256OfBytes(body))
  })
  await fc.assert(property, { numRuns: 50 })
})

test('an object with other bytes than its reference says is StoreCorrupt, naming both', async (t) => {
  const { storage } = await freshStore(t)
  const ref = await putBytes(storage, 'o', Buffer.from('hello'), { extension: '.txt' })
  const path = await storage.toLocalFile(ref.uri)
  await chmod(path, 0o644)
  await writeFile(path, 'hellO!')
  for (const read of [() => readObject(storage, ref), () => objectFile(storage, ref), () => readJson(storage, ref)]) {
    const error = await rejection(read(), 'StoreCorrupt')
    assert.equal(
      error.message,
      `Cannot use "${ref.uri}" in store ${storage.location}: expected 5 bytes with SHA-256 ${ref.sha256}, ` +
        `found 6 bytes with ${sha256OfBytes(Buffer.from('hellO!'))}. Restore the object from a backup.`,
    )
    assert.equal(error.permanent, true)
  }
})

test('what is absent is NotFound, JSON of another shape StoreCorrupt, no file UnreadableSource', async (t) => {
  const { folder, storage } = await freshStore(t)
  const ref = await putJson(storage, 'o', { a: 'text' })
  const error = await rejection(readJson(storage, ref, z.object({ a: z.number() })), 'StoreCorrupt')
  assert.match(error.message, /not what is expected there: [\s\S]*expected number, received string/)
  await storage.remove(ref.uri)
  await rejection(readObject(storage, ref), 'NotFound')
  await rejection(objectFile(storage, ref), 'NotFound')
  await rejection(putFile(storage, 'o', join(folder, 'none'), { extension: '.x' }), 'UnreadableSource')
  await rejection(putJson(storage, 'o', undefined), 'InvalidInput')
})
