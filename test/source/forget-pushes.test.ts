import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { forgetPushes } from '../../src/source/forget-pushes.js'
import { inboxLog, inboxObjects, storePush } from '../../src/source/inbox.js'
import type { ForgottenBytes } from '../../src/source/source.js'
import { createLocalStorage } from '../../src/storage/local.js'
import { putBytes } from '../../src/storage/objects.js'
import { collect } from '../support/collect.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { wrapStorage } from '../support/wrap-storage.js'

test('bytes of committed pushes go, but for those that a later push has too, even one that comes at that moment', async (t) => {
  const folder = await temporaryFolder(t)
  const storage = await createLocalStorage(join(folder, 'store'))
  // As an earlier version stored them: without a folder for each key, so that the same bytes are one object.
  const push = async (key: string, text: string) => {
    const object = await putBytes(storage, inboxObjects('orders'), Buffer.from(text), { extension: '.jsonl' })
    await inboxLog(storage, 'orders').append({ id: key, actor: 'push', body: { object, format: 'json' } })
  }
  await push('a', '{"customer":1}\n')
  await push('b', '{"customer":2}\n')
  await push('c', '{"customer":3,"name":"Ann"}\n')
  await push('d', '{"customer":2}\n')
  // Somebody pushes the bytes of the third one again, just before they are removed.
  const meddling = wrapStorage(storage, {
    async remove(key) {
      const third = (await inboxLog(storage, 'orders').at(3))?.body.object.uri
      if (key === third) await push('e', '{"customer":3,"name":"Ann"}\n')
      await storage.remove(key)
    },
  })
  const forgotten = await forgetPushes(meddling, 'orders', { upTo: 3 })
  assert.equal(sizeOf(forgotten), 15 + 28)
  const left = await collect(storage.list('datasets/orders/inbox/objects/'))
  const named = await collect(inboxLog(storage, 'orders').entries({ from: 4 }))
  assert.deepEqual(left, named.map(({ body }) => body.object.uri).sort())
})

test('the same bytes pushed twice are two objects, so that one goes without the other; a dry look removes none', async (t) => {
  const folder = await temporaryFolder(t)
  const storage = await createLocalStorage(join(folder, 'store'))
  const path = join(folder, 'push')
  await writeFile(path, '{"customer":1}\n')
  for (const key of ['a', 'b']) await storePush(storage, 'orders', { key, format: 'json', path })
  assert.equal(sizeOf(await forgetPushes(storage, 'orders', { upTo: 1, isDry: true })), 15)
  assert.equal(sizeOf(await forgetPushes(storage, 'orders', { upTo: 1 })), 15)
  const left = await collect(storage.list(`${inboxObjects('orders')}/`))
  assert.deepEqual(left, [(await inboxLog(storage, 'orders').at(2))?.body.object.uri])
  assert.deepEqual(await forgetPushes(storage, 'orders', { upTo: 1 }), [])
})

const sizeOf = (forgotten: readonly ForgottenBytes[]): number => forgotten.reduce((sum, { bytes }) => sum + bytes, 0)
